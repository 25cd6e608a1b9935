/* Fixture: copies a request, and writes one byte behind the copy: what an address sanitizer finds
 * and nobody else. */
#include <portico.h>
#include <stdlib.h>
#include <string.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  volatile char *copy = malloc(len);
  if (copy == NULL) return -1;
  memcpy((char *)copy, buffer, len);
  copy[len] = '\n';
  reply((const char *)copy, len);
  free((char *)copy);
  return (ptrdiff_t)len;
}
