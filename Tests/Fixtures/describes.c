/* Promise: info tells who is behind a reply, on every transport, for datagrams too:
 * "transport=tcp peer=... local=... listener=... id=...\n". */
#include <portico.h>
#include <stdio.h>

static const portico_host *host;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  static const char *const transports[] = {"none", "tcp", "udp", "unix"};
  const portico_info *info = host->info(reply);
  (void)buffer;
  if (info == NULL || info->transport > PORTICO_UNIX) return -1;
  char text[1024];
  int length = snprintf(text, sizeof text, "transport=%s peer=%s local=%s listener=%s id=%llu\n",
                        transports[info->transport], info->peer, info->local, info->listener,
                        (unsigned long long)info->id);
  reply(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
  if (info->transport != PORTICO_UDP) portico_finish(reply);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "describes", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
