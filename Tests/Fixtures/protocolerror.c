/* Promise: after a negative return value, what was replied before it is sent, then the connection
 * closes, and the log says so. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer, (void)len;
  reply("bye", 3);
  return -1;
}
