/* Promise: a slow handler is not taken for a hung one, and a drain waits for its answer. */
#include <portico.h>
#include <unistd.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  usleep(300 * 1000);
  reply("slow", 4);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .name = "slow"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
