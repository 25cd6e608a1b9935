/* Promise: a call that takes long is named, with how long it took and how many it held up.
 * "nap" sleeps for 300 ms and answers "slept"; anything else is echoed. */
#include <portico.h>
#include <string.h>
#include <unistd.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  if (strncmp(buffer, "nap", 3) == 0) {
    usleep(300 * 1000);
    reply("slept", 5);
  } else {
    reply(buffer, len);
  }
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE, .name = "nap"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
