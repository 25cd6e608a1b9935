/* Promise: a plugin that the first workers can load and a later one cannot does no harm. It echoes;
 * the first COUNTED_LOADS processes that load it are welcome, those after them are not:
 *   -DCOUNTED_FILE="PATH"    where processes are counted, a byte for each
 *   -DCOUNTED_THEN=pause()   what is done to one too many, in on_load */
#include <fcntl.h>
#include <portico.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef COUNTED_FILE
#define COUNTED_FILE "/dev/null"
#endif
#ifndef COUNTED_LOADS
#define COUNTED_LOADS 1
#endif
#ifndef COUNTED_THEN
#define COUNTED_THEN raise(SIGSEGV)
#endif

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)host, (void)error, (void)error_size;
  int file = open(COUNTED_FILE, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || write(file, "x", 1) != 1) return 1;
  off_t count = lseek(file, 0, SEEK_CUR);
  close(file);
  if (count > COUNTED_LOADS) COUNTED_THEN;
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE | PORTICO_SHARDED,
    .name = "counted",
    .on_load = on_load,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
