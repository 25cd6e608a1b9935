/* Promise: no page of a worker is ever writable and executable, neither at once nor one after the
 * other: logs "wx refused", or "wx allowed" if either way is open (as with --allow-wx). */
#include <portico.h>
#include <string.h>
#include <sys/mman.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static int opens(int first, int then) {
  void *page = mmap(NULL, 4096, first, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 0;
  int opened = mprotect(page, 4096, then) == 0;
  munmap(page, 4096);
  return opened;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)error, (void)error_size;
  const int rw = PROT_READ | PROT_WRITE, rx = PROT_READ | PROT_EXEC;
  const char *text = opens(rw | rx, rw | rx) || opens(rw, rx) ? "wx allowed" : "wx refused";
  host->log(NULL, PORTICO_LOG_INFO, text, strlen(text));
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "wx", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
