/* Promise: a bad plugin gives way to the one before it. Answers with its -DVERSION; "crash" kills
 * it, and with -DBAD any request does. With -DGATE it loads only while the file GATE is there. */
#include <portico.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "1"
#endif

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
#ifdef BAD
  abort();
#endif
  if (strncmp(buffer, "crash", 5) == 0) abort();
  reply(VERSION, sizeof VERSION - 1);
  portico_finish(reply);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)host;
#ifdef GATE
  if (access(GATE, F_OK) != 0) {
    snprintf(error, error_size, "the gate is shut");
    return 1;
  }
#else
  (void)error, (void)error_size;
#endif
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "version", .version = VERSION, .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
