/* Promise: a handler that ends the process in a drain is told of like any other that dies. */
#include <portico.h>
#include <stdlib.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static void on_drain(void *state, portico_reply reply) {
  (void)state;
  (void)reply;
  exit(0);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "quitter", .on_drain = on_drain};

const portico_descriptor *portico_describe(void) { return &descriptor; }
