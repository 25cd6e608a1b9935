/*
 * Unix stream connections between a supervisor and whoever controls it: connecting with a bound on
 * the time, and who is at the other end. Each returns -errno on failure.
 */
#ifndef CKERNEL_CONNECTIONS_H
#define CKERNEL_CONNECTIONS_H

#include "listeners.h"

#include <sys/time.h>

/* Connects to a path, closed on exec. A server whose queue is full is waited for so long, and
 * -EAGAIN tells of one that did not come round (unix(7): the time for sending counts). */
static inline int ck_unix_connect(const char *path, int timeout_ms) {
  struct sockaddr_un address;
  struct timeval limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
  int result = ck_unix_address(path, &address);
  if (result) return result;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ||
      connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    result = -errno;
    close(fd);
    return result;
  }
  return fd;
}

/* Who made the other end of a Unix connection; the kernel vouches for it. */
static inline int ck_peer_user(int fd, uint32_t *user, int32_t *pid) {
  struct ucred owner = {0, 0, 0};
  socklen_t length = sizeof owner;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &length) < 0) return -errno;
  *user = (uint32_t)owner.uid;
  *pid = (int32_t)owner.pid;
  return 0;
}

#endif
