/* Promise: a reply above the hard limit is refused with PORTICO_TOO_BIG before a byte is copied,
 * and the connection stays usable. The mapping is never touched, so it costs no memory here. */
#include <portico.h>
#include <sys/mman.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  static const size_t size = (size_t)1 << 30;
  void *huge = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  (void)buffer;
  if (huge == MAP_FAILED) {
    reply("no memory", 9);
  } else {
    if (reply(huge, size) == PORTICO_TOO_BIG) reply("too big", 7);
    munmap(huge, size);
  }
  portico_finish(reply);
  return (ptrdiff_t)len;
}
