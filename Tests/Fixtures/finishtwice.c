/* Promise: finish may be repeated, and a reply may follow it: both answer PORTICO_GONE and harm
 * nothing. Logs "finish 0, again -1, reply -1"; what was sent is "once". */
#include <portico.h>
#include <stdio.h>

static const portico_host *host;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  reply("once", 4);
  long long finish = portico_finish(reply);
  long long again = portico_finish(reply);
  long long late = reply("twice", 5);
  /* Success is any count of waiting bytes; the log line should not depend on it. */
  if (finish > 0) finish = 0;
  char text[96];
  int length = snprintf(text, sizeof text, "finish %lld, again %lld, reply %lld", finish, again,
                        late);
  host->log(reply, PORTICO_LOG_WARNING, text, (size_t)length);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "finishtwice", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
