/* Promise: a handler that refuses in on_load stops the start, and is quoted word for word. */
#include <portico.h>
#include <stdio.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)host;
  snprintf(error, error_size, "no licence for today");
  return 1;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "refuses", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
