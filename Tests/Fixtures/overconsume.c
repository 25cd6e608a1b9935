/* Promise: a handler that claims more than it was given is logged by name and its connection
 * closes; nothing is read past the buffer. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  reply("over", 4);
  return (ptrdiff_t)len + 1;
}
