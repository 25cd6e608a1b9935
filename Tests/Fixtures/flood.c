/* Promise: PORTICO_FULL and on_writable let a handler send more than the hard limit without a
 * hole. A request is a number and a newline; so many bytes come back, byte i being i % 251. */
#include <portico.h>
#include <stdlib.h>
#include <string.h>

enum { period = 251, block = 64 * 1024 };
struct flood {
  uint64_t total, sent;
};

static const portico_host *host;
static unsigned char pattern[block + period];

static void pump(struct flood *flood, portico_reply reply) {
  while (flood->sent < flood->total) {
    uint64_t left = flood->total - flood->sent;
    size_t length = left < block ? (size_t)left : block;
    if (reply(pattern + flood->sent % period, length) < 0) return; /* on_writable goes on */
    flood->sent += length;
  }
  portico_finish(reply);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *newline = memchr(buffer, '\n', len);
  struct flood *flood = host->state(reply);
  if (flood == NULL) return -1;
  if (newline == NULL) return 0;
  flood->total = strtoull(buffer, NULL, 10);
  pump(flood, reply);
  return newline - (const char *)buffer + 1;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (unsigned char)(i % period);
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return calloc(1, sizeof(struct flood));
}

static void on_writable(void *state, portico_reply reply) { pump(state, reply); }

static void on_close(void *state, portico_reply reply) {
  (void)reply;
  free(state);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .name = "flood",
    .on_load = on_load,
    .on_open = on_open,
    .on_writable = on_writable,
    .on_close = on_close,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
