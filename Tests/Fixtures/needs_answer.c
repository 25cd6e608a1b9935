/* Promise: a plugin's own needs are found without a variable of the loader. Needs libanswer.so,
 * which the test builds and puts where it is to be found. */
#include <portico.h>
#include <string.h>

extern const char *answer(void);

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  reply(answer(), strlen(answer()));
  portico_finish(reply);
  return (ptrdiff_t)len;
}
