/* Promise: framing by consumed bytes; the output does not depend on how the input was cut.
 * "hello\n" is answered with "[5]hello\n": N counts the line without its newline. */
#include <portico.h>
#include <stdio.h>
#include <string.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *newline = memchr(buffer, '\n', len);
  if (newline == NULL) return 0;
  size_t length = (size_t)(newline - (const char *)buffer);
  char prefix[32];
  reply(prefix, (size_t)snprintf(prefix, sizeof prefix, "[%zu]", length));
  reply(buffer, length + 1);
  return (ptrdiff_t)length + 1;
}
