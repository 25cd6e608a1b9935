/* Promise: the likeliest beginner's mistake, a reply and then 0, is named in the log at once (did
 * you mean to return len?). The reply is sent all the same. */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return 0;
}
