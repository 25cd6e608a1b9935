/* Promise: --request-timeout counts only what a client can help. Lines are answered "whole\n"; of
 * anything that is not one yet, more is wanted. Two first bytes hold the client up: "p" pauses it,
 * and after 900 ms says "go\n" and resumes it; "b" replies with eight mebibytes that end in a
 * newline, once. */
#include <portico.h>
#include <stdlib.h>
#include <string.h>

static const portico_host *host;
static char block[8 << 20];

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *text = buffer, *newline = memchr(buffer, '\n', len);
  char *begun = host->state(reply);
  if (newline != NULL) {
    *begun = 0;
    reply("whole\n", 6);
    return newline - text + 1;
  }
  if (!*begun && text[0] == 'p') {
    host->pause(reply, 1);
    host->timer(reply, 900);
  }
  if (!*begun && text[0] == 'b') reply(block, sizeof block);
  *begun = 1;
  return 0;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  memset(block, 'b', sizeof block);
  block[sizeof block - 1] = '\n';
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return calloc(1, 1);
}

static void on_timer(void *state, portico_reply reply) {
  (void)state;
  reply("go\n", 3);
  host->pause(reply, 0);
}

static void on_close(void *state, portico_reply reply) {
  (void)reply;
  free(state);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "waits", .on_load = on_load, .on_open = on_open,
    .on_timer = on_timer, .on_close = on_close};

const portico_descriptor *portico_describe(void) { return &descriptor; }
