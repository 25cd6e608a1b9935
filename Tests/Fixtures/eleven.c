/* For the cost figures: 11 bytes for each request of 64, on a connection that stays open. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  if (len < 64) return 0;
  reply("thank you !", 11);
  return 64;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE | PORTICO_SHARDED, .name = "eleven"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
