/* Promise: a plugin that crashes in on_load is reported as such and never serves. */
#include <portico.h>

static int *volatile nowhere;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)host, (void)error, (void)error_size;
  *nowhere = 1;
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "crashinload", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
