/* Promise: a call that takes long is named, with how long it took and how many it held up.
 * "nap" says so in the log, sleeps for 600 ms and answers "slept"; anything else is echoed. */
#include <portico.h>
#include <string.h>
#include <unistd.h>

static const portico_host *host;

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  if (strncmp(buffer, "nap", 3) == 0) {
    host->log(reply, PORTICO_LOG_INFO, "asleep", 6);
    usleep(600 * 1000);
    reply("slept", 5);
  } else {
    reply(buffer, len);
  }
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE, .name = "nap", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
