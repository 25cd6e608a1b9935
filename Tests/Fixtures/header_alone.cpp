// Promise: the header compiles alone, as C++17 with all warnings, and handle() keeps its C name:
//     c++ -std=c++17 -pedantic -Wall -Wextra -Werror -shared -fPIC -I Sources/CPortico/include
#include <portico.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return static_cast<ptrdiff_t>(len);
}
