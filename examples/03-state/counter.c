/*
 * Step 3: state for each connection. Every client has a counter: `+` and `-` move it, `?` asks.
 *
 *     cc -shared -fPIC -I ../../Sources/CPortico/include -o counter.so counter.c
 *     portico call ./counter.so --data '+++-?'
 *
 * on_open makes the state of a client and on_close, which is called once for each on_open, destroys
 * it. In between, host->state has it. A static variable would be everybody's counter, and another
 * one in each worker process: `portico test` finds that.
 */
#include <portico.h>
#include <stdio.h>
#include <stdlib.h>

static const portico_host *host;

static int32_t on_load(const portico_host *table, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = table;
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info;
  long *counter = calloc(1, sizeof *counter);
  if (counter == NULL) portico_finish(reply);
  return counter;
}

static void on_close(void *state, portico_reply reply) {
  (void)reply;
  free(state);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *bytes = buffer;
  long *counter = host->state(reply);
  if (counter == NULL) return -1; /* a datagram, which has no connection; or no memory */
  for (size_t i = 0; i < len; i++) {
    if (bytes[i] == '+') ++*counter;
    if (bytes[i] == '-') --*counter;
    if (bytes[i] == '?') {
      char text[32];
      reply(text, (size_t)snprintf(text, sizeof text, "%ld\n", *counter));
    }
  }
  return (ptrdiff_t)len;
}

/* Two promises: replies are used inside their calls alone, and clients share nothing, so there may
 * be a worker for each core. */
static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE | PORTICO_SHARDED,
    .name = "counter",
    .description = "a counter for each connection: + - ?",
    .compiler = PORTICO_COMPILER,
    .on_load = on_load,
    .on_open = on_open,
    .on_close = on_close,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
