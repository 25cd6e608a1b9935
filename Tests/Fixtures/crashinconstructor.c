/* Promise: a plugin that crashes inside dlopen is reported as such and never serves. */
#include <portico.h>

static int *volatile nowhere;

__attribute__((constructor)) static void construct(void) { *nowhere = 1; }

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}
