/* For the instruction counts: the shortest answer to a datagram, and every promise kept. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  reply("thank you !", 11);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE | PORTICO_SHARDED, .name = "datagram"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
