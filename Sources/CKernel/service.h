/*
 * What a service manager such as systemd hands a process and wants to hear from it: sockets that
 * are open already, and a datagram socket for notices (sd_notify(3), sd_listen_fds(3), without
 * libsystemd). Only the supervisor calls these; each returns -errno on failure.
 */
#ifndef CKERNEL_SERVICE_H
#define CKERNEL_SERVICE_H

#include "listeners.h"

#include <stddef.h>

/* Sends one notice; never waits. The address is a path, or with an @ in front a name that is no
 * file. The socket is made anew each time: notices are few, and who listens may be started anew. */
static inline int ck_notify(const char *address, const void *text, size_t count) {
  struct sockaddr_un to;
  size_t length = strlen(address);
  memset(&to, 0, sizeof to);
  to.sun_family = AF_UNIX;
  if (length < 2 || (address[0] != '/' && address[0] != '@')) return -EINVAL;
  if (length >= sizeof to.sun_path) return -ENAMETOOLONG;
  memcpy(to.sun_path, address, length);
  if (address[0] == '@') to.sun_path[0] = 0;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  ssize_t sent = sendto(fd, text, count, MSG_NOSIGNAL, (struct sockaddr *)&to, size);
  int error = sent < 0 ? -errno : 0;
  close(fd);
  return error;
}

/* What a descriptor is that somebody else has opened. family is 4, 6, 1 for a Unix socket, or 0 for
 * any other; path is NUL-terminated, with an @ in front of a name that is no file. */
typedef struct ck_socket_facts {
  ck_endpoint endpoint;
  uint8_t family, is_stream, is_datagram, is_listening, is_dual_stack;
  char path[110];
} ck_socket_facts;

static inline int ck_int_option(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) < 0 ? -errno : value;
}

/* -ENOTSOCK for what is no socket. */
static inline int ck_socket_look(int fd, ck_socket_facts *into) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  memset(into, 0, sizeof *into);
  memset(&address, 0, sizeof address);
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
  int type = ck_int_option(fd, SOL_SOCKET, SO_TYPE);
  int protocol = ck_int_option(fd, SOL_SOCKET, SO_PROTOCOL);
  int is_internet = address.ss_family == AF_INET || address.ss_family == AF_INET6;
  if (is_internet && protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) return 0;
  into->is_stream = type == SOCK_STREAM;
  into->is_datagram = type == SOCK_DGRAM;
  into->is_listening = ck_int_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1;
  if (is_internet) {
    into->family = address.ss_family == AF_INET ? 4 : 6;
    ck_endpoint_read(&address, &into->endpoint);
    into->is_dual_stack =
        into->family == 6 && ck_int_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
  } else if (address.ss_family == AF_UNIX) {
    const struct sockaddr_un *unix_address = (const struct sockaddr_un *)&address;
    size_t count = (size_t)length - offsetof(struct sockaddr_un, sun_path);
    if (length < offsetof(struct sockaddr_un, sun_path)) count = 0;
    if (count > sizeof unix_address->sun_path) count = sizeof unix_address->sun_path;
    into->family = 1;
    memcpy(into->path, unix_address->sun_path, count);
    if (count > 1 && into->path[0] == 0) into->path[0] = '@';
  }
  return 0;
}

/* Gives a descriptor a number at or above `lowest`, closed on exec and non-blocking; the old number
 * is free then. */
static inline int ck_move_descriptor(int fd, int lowest) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
  if (copy < 0) return -errno;
  close(fd);
  int flags = fcntl(copy, F_GETFL);
  if (flags >= 0) (void)fcntl(copy, F_SETFL, flags | O_NONBLOCK);
  return copy;
}

#endif
