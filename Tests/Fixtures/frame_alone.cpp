// Promise: portico_frame.h compiles alone, as C++17 with all warnings:
//     c++ -std=c++17 -pedantic -Wall -Wextra -Werror -fsyntax-only -I Sources/CPortico/include
#include <portico_frame.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  static const portico_length_field field = {0, 2, PORTICO_BIG_ENDIAN, PORTICO_COUNTS_REST, 0, 0};
  portico_frame frame = portico_frame_by_length(buffer, len, &field, 512);
  if (frame.total > 0) reply(frame.payload, frame.length);
  return frame.total;
}
