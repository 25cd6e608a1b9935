/* Promise: portico_frame.h compiles alone, as C89 and C11 with all warnings:
 *     cc -std=c89 -pedantic -Wall -Wextra -Werror -fsyntax-only -I Sources/CPortico/include */
#include <portico_frame.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  portico_frame line = portico_frame_line(buffer, len, 1024);
  if (line.total <= 0) return line.total;
  reply(line.payload, line.length);
  return line.total;
}
