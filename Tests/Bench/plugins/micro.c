/*
 * For the bench: what one `reply` and one call of `handle` cost. Each variant gives the same bytes
 * for the same request; what two of them differ by is the calls.
 *
 *     MODE 0    one reply of 1024 bytes
 *     MODE 1    1024 replies of one byte
 *     MODE 2    1024 calls of a C function through a pointer, which copies a byte too; one reply
 *     MODE 3    consumes the request byte by byte, in 1024 calls of `handle`; one reply
 */
#include <portico.h>
#include <string.h>

enum { size = 1024 };

static char bytes[size], copies[size];
static size_t copied;

static ptrdiff_t copy(const void *from, size_t length) {
  memcpy(copies + copied % size, from, length);
  copied += length;
  return (ptrdiff_t)copied;
}

static ptrdiff_t (*volatile through)(const void *, size_t) = copy;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  size_t i;
  (void)buffer, (void)i;
#if MODE == 3
  static size_t seen;
  if (++seen % size == 0) reply(bytes, size);
  return len > 0;
#else
  if (len < size) return 0;
#if MODE == 1
  for (i = 0; i < size; i++) reply(bytes + i, 1);
#else
#if MODE == 2
  for (i = 0; i < size; i++) through(bytes + i, 1);
#endif
  reply(bytes, size);
#endif
  return size;
#endif
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .flags = PORTICO_INLINE | PORTICO_SHARDED, .name = "micro"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
