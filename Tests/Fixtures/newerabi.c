/* Promise: a plugin built for a newer major version is refused, and the sentence has both. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    .magic = PORTICO_MAGIC,
    .size = sizeof(portico_descriptor),
    .abi_major = 2,
    .name = "newerabi",
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
