/*
 * daytime (RFC 867): tells the time, then closes; a client need not say a word.
 *
 * What it teaches: hooks. on_greet makes the host call when a client connects, before its first
 * byte; portico_finish() then closes once everything queued is sent. After it handle() is not
 * called any more, so what a client sends is thrown away, as the RFC wants. A datagram has no
 * greeting: its bytes, of which there may be none, are the question.
 */
#define _POSIX_C_SOURCE 200809L
#include <portico.h>
#include <time.h>

static void tell(portico_reply reply) {
  char line[80];
  struct tm utc;
  time_t now = time(NULL);
  gmtime_r(&now, &utc);
  reply(line, strftime(line, sizeof line, "%A, %B %d, %Y %H:%M:%S-UTC\r\n", &utc));
}

static void on_greet(void *state, portico_reply reply) {
  (void)state;
  tell(reply);
  portico_finish(reply);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  tell(reply);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE | PORTICO_SHARDED,
    .name = "daytime",
    .version = "1.0",
    .description = "tells the time in UTC, then closes (RFC 867)",
    .compiler = PORTICO_COMPILER,
    .on_greet = on_greet,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
