/* Promise: a worker that is busy keeps nobody from the others. "nap PATH" makes a file and returns
 * when somebody has removed it, with the answer "slept"; anything else is echoed. */
#include <fcntl.h>
#include <portico.h>
#include <string.h>
#include <unistd.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  if (len > 4 && memcmp(buffer, "nap ", 4) == 0) {
    /* A NUL stands behind the bytes. */
    const char *path = (const char *)buffer + 4;
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    for (int i = 0; i < 1600 && access(path, F_OK) == 0; i++) usleep(5000);
    reply("slept", 5);
  } else {
    reply(buffer, len);
  }
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE | PORTICO_SHARDED, .name = "napper"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
