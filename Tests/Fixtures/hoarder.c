/* Promise: a handler that opens nearly all descriptors there are makes the host wait for room, and
 * neither spin nor die. It leaves as many as --set leave=N says; anything it gets is echoed. */
#include <portico.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  const char *leave = host->setting("leave");
  int last = -1, next;
  (void)error, (void)error_size;
  while ((next = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) last = next;
  /* The last ones are the highest, and in a row. */
  for (int left = leave != NULL ? atoi(leave) : 0; left > 0 && last > 2; left--) close(last--);
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE,
    .name = "hoarder",
    .on_load = on_load,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
