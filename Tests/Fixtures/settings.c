/* Promise: --set reaches the handler, lives as long as the process, and a key that nobody asked
 * for stops the start with a list of those that were: here greeting and colour. */
#include <portico.h>
#include <string.h>

static const char *greeting;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  reply(greeting, strlen(greeting));
  portico_finish(reply);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)error, (void)error_size;
  greeting = host->setting("greeting");
  if (greeting == NULL) greeting = "hello";
  (void)host->setting("colour");
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "settings", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
