/* Promise: a reload loses nothing. A request is "ID SIZE\n"; its answer is "NAME ID SIZE\n" and
 * SIZE bytes, byte i being i % 251, so that a client sees who answered, what, and whether all came.
 * A datagram "ID SIZE" is answered with the line alone. The builds differ:
 *   -DDRILL_NAME    who it says it is          -DDRILL_FLAGS    what it promises
 *   -DDRILL_GREETS  says "NAME hello\n" first */
#include <portico.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef DRILL_NAME
#define DRILL_NAME "drill"
#endif
#ifndef DRILL_FLAGS
#define DRILL_FLAGS PORTICO_INLINE
#endif

enum { period = 251, most = 8 << 20 };
static unsigned char pattern[most];

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *text = buffer;
  const char *end = memchr(text, '\n', len);
  char line[80], *next;
  if (end == NULL) return 0;
  unsigned long id = strtoul(text, &next, 10);
  unsigned long size = strtoul(next, &next, 10);
  if (next != end || size > most) return -1;
  int length = snprintf(line, sizeof line, DRILL_NAME " %lu %lu\n", id, size);
  reply(line, (size_t)length);
  if (size > 0) reply(pattern, size);
  return end - text + 1;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)host, (void)error, (void)error_size;
  for (size_t i = 0; i < most; i++) pattern[i] = (unsigned char)(i % period);
  return 0;
}

#ifdef DRILL_GREETS
static void on_greet(void *state, portico_reply reply) {
  (void)state;
  reply(DRILL_NAME " hello\n", sizeof(DRILL_NAME " hello\n") - 1);
}
#endif

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = DRILL_FLAGS,
    .name = DRILL_NAME,
    .on_load = on_load,
#ifdef DRILL_GREETS
    .on_greet = on_greet,
#endif
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
