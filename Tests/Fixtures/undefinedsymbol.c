/* Promise: an undefined symbol is found when the plugin is loaded, not when a client first reaches
 * it, and the sentence has its name. Link it as usual: without -z defs the linker lets it pass. */
#include <portico.h>

void nobody_defines_this(void);

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  nobody_defines_this();
  reply(buffer, len);
  return (ptrdiff_t)len;
}
