/* Promise: after PORTICO_FULL, or a reply that answered more than high_water, on_writable comes
 * once less than --low-water waits, and not before. Any byte has it fill this client's queue once:
 * "full at N", what waits then, and in on_writable "writable at N" are logged; then it finishes. */
#include <portico.h>
#include <stdio.h>

static const portico_host *host;
static char block[4096];
#ifndef WATERMARK_MOST /* it stops above that many bytes, if nobody stops it before */
#define WATERMARK_MOST INT64_MAX
#endif

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  int64_t waiting = 0, answer;
  char text[64];
  (void)buffer;
  while (waiting <= (int64_t)(WATERMARK_MOST) && (answer = reply(block, sizeof block)) >= 0)
    waiting = answer;
  int length = snprintf(text, sizeof text, "full at %lld", (long long)waiting);
  host->log(reply, PORTICO_LOG_INFO, text, (size_t)length);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static void on_writable(void *state, portico_reply reply) {
  char text[64];
  (void)state;
  int length =
      snprintf(text, sizeof text, "writable at %lld", (long long)host->pending(reply));
  host->log(reply, PORTICO_LOG_INFO, text, (size_t)length);
  portico_finish(reply);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE,
    .name = "watermark",
    .on_load = on_load,
    .on_writable = on_writable,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
