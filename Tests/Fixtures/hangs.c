/* Promise: a call that does not return is found, whichever hook it is. `--set in=NAME` says which
 * one hangs ("worker timer": the one without a client), when the request says "hang" for those
 * that have a request; `--set deaf=1` has ABRT ignored as well. Anything else is echoed. */
#include <portico.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char where[32];
static const portico_host *host;

static void hang_in(const char *name) {
  if (strcmp(where, name) != 0) return;
  for (;;) pause();
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  if (strncmp(buffer, "hang", 4) == 0) {
    hang_in("handle");
    if (strcmp(where, "on_timer") == 0) host->timer(reply, 1);
    if (strcmp(where, "worker timer") == 0) host->timer(NULL, 1);
    if (strcmp(where, "on_close") == 0) portico_finish(reply);
  }
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  const char *name = host->setting("in");
  if (name != NULL) snprintf(where, sizeof where, "%s", name);
  if (host->setting("deaf") != NULL) signal(SIGABRT, SIG_IGN);
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return NULL;
}

static void on_eof(void *state, portico_reply reply) {
  (void)state;
  hang_in("on_eof");
  portico_finish(reply);
}

static void on_timer(void *state, portico_reply reply) {
  (void)state;
  hang_in(reply == NULL ? "worker timer" : "on_timer");
}

static void on_drain(void *state, portico_reply reply) {
  (void)state, (void)reply;
  hang_in("on_drain");
}

static void on_close(void *state, portico_reply reply) {
  (void)state, (void)reply;
  hang_in("on_close");
}

static void on_unload(void) { hang_in("on_unload"); }

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "hangs",        .on_load = on_load,
    .on_open = on_open,      .on_eof = on_eof,       .on_timer = on_timer,
    .on_drain = on_drain,    .on_close = on_close,   .on_unload = on_unload,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
