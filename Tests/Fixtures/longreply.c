/* Promise: replies longer than the stage, which the host sends from where they lie, arrive whole
 * and in order between short ones, however slowly the client reads; and what is sent is what lay
 * there at the time. For each byte received: "head", 3 MiB counting up from that byte, "tail". */
#include <portico.h>
#include <string.h>

static unsigned char bytes[3 << 20];

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const unsigned char first = *(const unsigned char *)buffer;
  (void)len;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(first + i);
  reply("head", 4);
  reply(bytes, sizeof bytes);
  reply("tail", 4);
  memset(bytes, 0, sizeof bytes);
  return 1;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE, .name = "longreply"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
