/* Promise: after need(total), handle() is not called before so many bytes are there. A frame is a
 * 4-byte big-endian length and that many bytes; "n=LEN calls=K\n" tells the calls it took. */
#include <portico.h>
#include <stdio.h>
#include <stdlib.h>

static const portico_host *host;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const unsigned char *b = buffer;
  unsigned *calls = host->state(reply);
  if (calls == NULL) return -1;
  ++*calls;
  size_t total = 4, body = 0;
  if (len >= 4) {
    body = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
    total += body;
  }
  if (len < total) return host->need(reply, total) == 0 ? 0 : -1;
  char text[64];
  reply(text, (size_t)snprintf(text, sizeof text, "n=%zu calls=%u\n", body, *calls));
  *calls = 0;
  return (ptrdiff_t)total;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return calloc(1, sizeof(unsigned));
}

static void on_close(void *state, portico_reply reply) {
  (void)reply;
  free(state);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .name = "needs",
    .on_load = on_load,
    .on_open = on_open,
    .on_close = on_close,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
