/* Fixture: a number beyond what an int holds, for the undefined behaviour sanitizer. */
#include <limits.h>
#include <portico.h>

static volatile int many = INT_MAX;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  many = many + (int)len;
  reply(buffer, len);
  return (ptrdiff_t)len;
}
