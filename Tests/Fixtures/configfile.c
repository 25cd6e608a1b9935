/* Promise: --handler-config reaches the handler byte for byte, and after on_load too. */
#include <portico.h>

static const portico_host *host;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  size_t length = 0;
  const void *bytes = host->config(&length);
  reply(bytes, length);
  portico_finish(reply);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "configfile", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
