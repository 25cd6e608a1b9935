/* For the instruction counts: 1 MiB for each request of 64 bytes, in one reply. */
#include <portico.h>
#include <string.h>

static char megabyte[1 << 20];

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  if (len < 64) return 0;
  if (megabyte[0] == 0) memset(megabyte, 'x', sizeof megabyte);
  reply(megabyte, sizeof megabyte);
  return 64;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE | PORTICO_SHARDED, .name = "megabyte"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
