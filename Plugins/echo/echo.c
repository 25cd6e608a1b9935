/*
 * echo (RFC 862): sends back whatever arrives.
 *
 * What it teaches: the return value. It is the number of bytes consumed; the host keeps the others
 * and passes them again, in front of what arrives next. Echo has no frames, so it consumes all.
 *
 * handle() alone would be a whole plugin. The descriptor below it is optional: begin it with
 * PORTICO_DESCRIPTOR_HEAD, name what you need, and all the rest is zero.
 */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE | PORTICO_SHARDED,
    .name = "echo",
    .version = "1.0",
    .description = "sends back what arrives (RFC 862)",
    .compiler = PORTICO_COMPILER,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
