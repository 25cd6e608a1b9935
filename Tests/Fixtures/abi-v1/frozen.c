/* Promise: a plugin compiled against version 1.0 of the header runs on every 1.x host. It is built
 * against the copy beside it only, which must never change, and uses all that 1.0 had. */
#include "portico.h"

static const portico_host *host;
static char client;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  (void)buffer;
  if (host->info(reply) == NULL || host->pending(reply) < 0) return -1;
  if (host->info(reply)->transport != PORTICO_UDP) {
    if (host->state(reply) != &client) return -1;
    if (host->need(reply, 1) != 0) return -1;
    if (host->pause(reply, 1) != 0 || host->pause(reply, 0) != 0) return -1;
    if (host->timer(reply, 60000) != 0 || host->timer(reply, 0) != 0) return -1;
  }
  reply("frozen v1\n", 10);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  size_t length;
  host = offered;
  if (error_size < 256 || host->abi_major != 1 || host->size < sizeof *host) {
    error[0] = '1', error[1] = '\0';
    return 1;
  }
  (void)host->setting("frozen");
  (void)host->config(&length);
  (void)host->extension("frozen");
  if (host->log_enabled(PORTICO_LOG_DEBUG)) host->log(NULL, PORTICO_LOG_DEBUG, "on_load", 7);
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)reply;
  return info->size >= sizeof *info ? &client : NULL;
}

static void any(void *state, portico_reply reply) { (void)state, (void)reply; }

static void on_eof(void *state, portico_reply reply) {
  (void)state;
  portico_finish(reply);
}

static void on_close(void *state, portico_reply reply) {
  if (state != &client || reply("late", 4) != PORTICO_GONE) host->abort(reply);
}

static void on_unload(void) { host = NULL; }

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_FORGETS | PORTICO_SHARDED,
    .name = "frozen",
    .version = "1.0",
    .description = "a plugin of the first ABI",
    .compiler = PORTICO_COMPILER,
    .max_frame = 65536,
    .on_load = on_load,
    .on_open = on_open,
    .on_greet = any,
    .on_eof = on_eof,
    .on_writable = any,
    .on_timer = any,
    .on_drain = any,
    .on_close = on_close,
    .on_unload = on_unload,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
