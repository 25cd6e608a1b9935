/* Promise: what a crash file has is enough to see a crash again, unless it took more than the one
 * client. The third "a" of a connection crashes, and so does "b" once another connection has sent
 * one; "c" crashes in on_timer, "d" takes memory until there is none. -DFORGIVING=1 crashes for none
 * of them. Everything is echoed. */
#include <portico.h>
#include <stdlib.h>

#ifndef FORGIVING
#define FORGIVING 0
#endif

static const portico_host *host;
static int *volatile nowhere;
static portico_reply first;

static void crash(void) {
  if (!FORGIVING) *nowhere = 1;
}

static void devour(void) {
  /* Bounded: without --worker-memory this is not to hurt the machine. */
  for (int i = 0; i < 256; i++) {
    char *memory = malloc(1 << 20);
    memory[i] = 1;
  }
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  int *count = host->state(reply);
  switch (*(const char *)buffer) {
    case 'a':
      if (++*count == 3) crash();
      break;
    case 'b':
      if (first == NULL) first = reply;
      if (first != reply) crash();
      break;
    case 'c': host->timer(reply, 50); break;
    case 'd': devour(); break;
  }
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return calloc(1, sizeof(int));
}

static void on_timer(void *state, portico_reply reply) {
  (void)state, (void)reply;
  crash();
}

static void on_close(void *state, portico_reply reply) {
  (void)reply;
  free(state);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .name = "grudge",
    .version = "1.0",
    .on_load = on_load,
    .on_open = on_open,
    .on_timer = on_timer,
    .on_close = on_close,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
