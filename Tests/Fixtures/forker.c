/* Promise: a child of fork(2) has nothing of its worker's: its replies are refused, and what it
 * leaves open is not the worker's. The child logs what its reply was answered, the sum of what
 * pausing and aborting were, and how many descriptors above 2 it has, without the log's; with
 * "stay" it stays for a while, and with "return" it returns from its call. */
#include <portico.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const portico_host *host;

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  pid_t child = fork();
  if (child == 0) {
    char text[64];
    int open_count = 0;
    for (int fd = 3; fd < 4096; fd++)
      if (fcntl(fd, F_GETFD) >= 0) open_count++;
    long answer = (long)reply("from the child", 14);
    long others = (long)host->pause(reply, 1) + (long)host->abort(reply);
    int length = snprintf(text, sizeof text, "child: answered %ld and %ld, %d open", answer, others,
                          open_count);
    host->log(NULL, PORTICO_LOG_INFO, text, (size_t)length);
    if (len >= 4 && memcmp(buffer, "stay", 4) == 0) sleep(20);
    if (len >= 6 && memcmp(buffer, "return", 6) == 0) return (ptrdiff_t)len;
    _exit(0);
  }
  reply("from the parent", 15);
  portico_finish(reply);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "forker", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
