/*
 * discard (RFC 863): throws away whatever arrives and never answers.
 *
 * What it teaches: promises. The flags below say what this handler will never do; they cost it
 * nothing and let the host do more. PORTICO_INLINE: it uses a reply only during the call that
 * passed it (here: not at all), so the host may end a connection as soon as its client has, and
 * waits for no late answer. PORTICO_SHARDED: it shares nothing between clients, so the host may
 * start a worker for each core. Without a flag the host assumes the worst.
 */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer, (void)reply;
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE | PORTICO_SHARDED,
    .name = "discard",
    .version = "1.0",
    .description = "throws away what arrives (RFC 863)",
    .compiler = PORTICO_COMPILER,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
