/* Promise: a descriptor that does not begin with the magic is refused before more of it is read. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    .magic = UINT32_C(0x4b4e554a),
    .size = sizeof(portico_descriptor),
    .abi_major = PORTICO_ABI_MAJOR,
    .name = "wrongmagic",
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
