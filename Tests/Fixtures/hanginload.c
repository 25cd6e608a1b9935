/* Promise: a plugin that never comes back from on_load is given up after a while, by name. */
#include <portico.h>
#include <unistd.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)host, (void)error, (void)error_size;
  for (;;) pause();
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "hanginload", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
