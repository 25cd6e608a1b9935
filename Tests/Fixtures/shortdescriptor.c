/* Promise: a descriptor too short to hold its own version is refused; the host reads no byte past
 * the size given, so the name below is never seen. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    .magic = PORTICO_MAGIC,
    .size = 8,
    .abi_major = PORTICO_ABI_MAJOR,
    .name = "shortdescriptor",
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
