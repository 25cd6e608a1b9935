/* For the bench: 1 MiB for each request of 64 bytes, on a connection that stays open. */
#include <portico.h>
#include <string.h>

enum { request_size = 64, big_size = 1 << 20 };

static char big[big_size];

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  if (len < request_size) return 0;
  reply(big, sizeof big);
  return request_size;
}

static int on_load(const portico_host *host, char *error, size_t error_size) {
  (void)host, (void)error, (void)error_size;
  memset(big, 'x', sizeof big);
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE | PORTICO_SHARDED, .name = "big",
    .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
