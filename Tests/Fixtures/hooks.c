/* Promise: the call sequence at the top of portico.h. Every hook logs its own name; on_greet says
 * "hi\n", and a request with "timer" in it sets one of 50 ms, whose end is told with "tick\n". */
#include <portico.h>
#include <stdio.h>
#include <string.h>

static const portico_host *host;

static void note(portico_reply reply, const char *text) {
  host->log(reply, PORTICO_LOG_INFO, text, strlen(text));
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  char text[32];
  snprintf(text, sizeof text, "handle %zu", len);
  note(reply, text);
  if (strstr(buffer, "timer") != NULL) host->timer(reply, 50);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  note(NULL, "on_load");
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info;
  note(reply, "on_open");
  return NULL;
}

static void on_greet(void *state, portico_reply reply) {
  (void)state;
  note(reply, "on_greet");
  reply("hi\n", 3);
}

static void on_eof(void *state, portico_reply reply) {
  (void)state;
  note(reply, "on_eof");
  portico_finish(reply); /* nobody else does, for a handler that has this hook */
}

static void on_writable(void *state, portico_reply reply) {
  (void)state;
  note(reply, "on_writable");
}

static void on_timer(void *state, portico_reply reply) {
  (void)state;
  note(reply, "on_timer");
  if (reply != NULL) reply("tick\n", 5);
}

static void on_drain(void *state, portico_reply reply) {
  (void)state;
  note(reply, "on_drain");
}

static void on_close(void *state, portico_reply reply) {
  (void)state;
  note(reply, "on_close");
}

static void on_unload(void) { note(NULL, "on_unload"); }

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .name = "hooks",
    .on_load = on_load,
    .on_open = on_open,
    .on_greet = on_greet,
    .on_eof = on_eof,
    .on_writable = on_writable,
    .on_timer = on_timer,
    .on_drain = on_drain,
    .on_close = on_close,
    .on_unload = on_unload,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
