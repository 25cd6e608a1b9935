/* Promise: a paused client is not read and handle() is not called for it, until a thread says so.
 * "pause" pauses; 200 ms later a thread replies "resumed\n" and goes on. All else is echoed. */
#include <portico.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static const portico_host *host;

static void *resume(void *argument) {
  portico_reply reply = (portico_reply)argument;
  usleep(200 * 1000);
  reply("resumed\n", 8);
  host->pause(reply, 0);
  return NULL;
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  pthread_t thread;
  if (strncmp(buffer, "pause", 5) != 0) {
    reply(buffer, len);
    return (ptrdiff_t)len;
  }
  /* Consumes its own word only: what was sent behind it must wait as well. */
  host->pause(reply, 1);
  if (pthread_create(&thread, NULL, resume, (void *)reply) != 0) return -1;
  pthread_detach(thread);
  return 5;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "pauser", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
