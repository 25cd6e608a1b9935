/* Promise: a reply whose connection has ended answers PORTICO_GONE for ever, and reaches nobody.
 * Keeps the last 64 of them and calls all for each request: "gone N of M\n", N = M. */
#include <portico.h>
#include <stdio.h>

enum { capacity = 64 };
static portico_reply closed[capacity];
static size_t count;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  size_t kept = count < capacity ? count : capacity, gone = 0;
  for (size_t i = 0; i < kept; i++) gone += closed[i]("stale", 5) == PORTICO_GONE;
  char text[64];
  reply(text, (size_t)snprintf(text, sizeof text, "gone %zu of %zu\n", gone, kept));
  return (ptrdiff_t)len;
}

static void on_close(void *state, portico_reply reply) {
  (void)state;
  closed[count++ % capacity] = reply;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "afterclose", .on_close = on_close};

const portico_descriptor *portico_describe(void) { return &descriptor; }
