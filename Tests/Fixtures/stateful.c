/* Promise: on_open's state comes back for its own connection only, and each on_open has exactly
 * one on_close, at a stop too: on_unload logs "open N close N". Calls are counted: "1\n", "2\n". */
#include <portico.h>
#include <stdio.h>
#include <stdlib.h>

static const portico_host *host;
static unsigned long opened, closed;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  unsigned *calls = host->state(reply);
  (void)buffer;
  if (calls == NULL) return -1;
  char text[32];
  reply(text, (size_t)snprintf(text, sizeof text, "%u\n", ++*calls));
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  opened++;
  return calloc(1, sizeof(unsigned));
}

static void on_close(void *state, portico_reply reply) {
  (void)reply;
  closed++;
  free(state);
}

static void on_unload(void) {
  char text[64];
  int length = snprintf(text, sizeof text, "open %lu close %lu", opened, closed);
  host->log(NULL, PORTICO_LOG_INFO, text, (size_t)length);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .name = "stateful",
    .on_load = on_load,
    .on_open = on_open,
    .on_close = on_close,
    .on_unload = on_unload,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
