/* Promise: a handler may lower max_frame. It never has enough. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer, (void)len, (void)reply;
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "smallframe", .max_frame = 1000};

const portico_descriptor *portico_describe(void) { return &descriptor; }
