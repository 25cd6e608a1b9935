/* Promise: a worker takes no more memory than --worker-memory. A request is a number of mebibytes;
 * they are allocated and touched, and the answer is "got\n" or "none\n". -DSTATIC_BYTES makes the
 * library itself as large. */
#include <portico.h>
#include <stdlib.h>
#include <string.h>

#ifdef STATIC_BYTES
char ballast[STATIC_BYTES];
#endif

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  size_t count = (size_t)strtoul(buffer, NULL, 10) << 20;
  char *memory = malloc(count);
  if (memory == NULL) {
    reply("none\n", 5);
  } else {
    memset(memory, 1, count);
    reply("got\n", 4);
    free(memory);
  }
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .name = "glutton"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
