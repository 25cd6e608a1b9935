/* The library that borrowedhandle.c needs: the only place where that plugin's handle() is. */
#include <portico.h>

extern const char *const borrowed_name;
const char *const borrowed_name = "borrowedhandle";

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}
