/* Promise: a handler without on_writable that outruns the limit of replies is cut off, since a hole
 * in the stream would be worse. Any byte makes it reply 40 MiB in one call. */
#include <portico.h>

static char block[1 << 20];

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  for (int i = 0; i < 40; i++) reply(block, sizeof block);
  return (ptrdiff_t)len;
}
