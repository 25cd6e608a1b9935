/* Promise: whoever looks at a plugin that hangs inside dlopen leaves no process behind. */
#include <portico.h>
#include <unistd.h>

__attribute__((constructor)) static void construct(void) {
  for (;;) pause();
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}
