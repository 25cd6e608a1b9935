/* Promise: a handler that never returns is found, named, and costs one worker's connections.
 * "spin" never returns; anything else is echoed. */
#include <portico.h>
#include <string.h>

static volatile int turning = 1;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  if (strncmp(buffer, "spin", 4) == 0) {
    while (turning) continue;
  }
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .name = "spin"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
