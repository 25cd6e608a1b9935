/* Promise: a handle() that a C++ compiler named in its own way is found out, and it is said how to
 * name it. The label is what C++ makes of handle(void const*, unsigned long, ...).
 */
#include <portico.h>

PORTICO_EXPORT ptrdiff_t in_cxx(const void *buffer, size_t len, portico_reply reply)
    __asm__("_Z6handlePKvmPFlS0_mE");

ptrdiff_t in_cxx(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}
