/* Promise: the header compiles alone, as C89 and C11 with all warnings:
 *     cc -std=c89 -pedantic -Wall -Wextra -Werror -fsyntax-only -I Sources/CPortico/include */
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}
