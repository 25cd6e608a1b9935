/* Promise: abort ends a connection at once, with a reset and without what was queued ("lost").
 * "abort" aborts; anything else is echoed. */
#include <portico.h>
#include <string.h>

static const portico_host *host;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  if (strncmp(buffer, "abort", 5) == 0) {
    reply("lost", 4);
    host->abort(reply);
  } else {
    reply(buffer, len);
  }
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "aborter", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
