/* Promise: what a handler prints, without flushing it, lands in the log with its name, from
 * stdout and from stderr, and never blocks the loop. */
#include <portico.h>
#include <stdio.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *text = buffer;
  int length = (int)len;
  if (length > 0 && text[length - 1] == '\n') length--;
  printf("%.*s\n", length, text);
  fprintf(stderr, "err: %.*s\n", length, text);
  reply("printed\n", 8);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .name = "printer"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
