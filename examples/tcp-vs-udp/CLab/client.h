/*
 * Sockets of a client that never waits, and the waiting for many of them in one place, to the
 * microsecond. Each function returns 0, a descriptor or a count, or -errno. What can be had from
 * Portico's own Kernel is not repeated here.
 */
#ifndef CLAB_CLIENT_H
#define CLAB_CLIENT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A numeric address and a port; the length of what was written, 0 when it is no address. */
static inline socklen_t clab_address(const char *host, uint16_t port,
                                     struct sockaddr_storage *into) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)into;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)into;
  memset(into, 0, sizeof *into);
  if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return sizeof *v4;
  }
  memset(into, 0, sizeof *into);
  if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) return 0;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  return sizeof *v6;
}

/* A socket that is connected or, with *under_way set, being connected. A datagram socket is
 * connected at once: it then sends to that address and hears of nobody else. */
static inline int clab_connect(const char *host, uint16_t port, int is_stream, int *under_way) {
  struct sockaddr_storage address;
  socklen_t length = clab_address(host, port, &address);
  int kind = (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, on = 1;
  if (length == 0) return -EINVAL;
  int fd = socket(address.ss_family, kind, 0);
  if (fd < 0) return -errno;
  *under_way = 0;
  if (is_stream && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) goto failed;
  if (connect(fd, (struct sockaddr *)&address, length) == 0) return fd;
  if (errno == EINPROGRESS || errno == EINTR) {
    *under_way = 1;
    return fd;
  }
failed:;
  int error = errno;
  close(fd);
  return -error;
}

/* What became of a connection that was under way, or went wrong since; told once. */
static inline int clab_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
  return -error;
}

/* Datagrams of this socket carry no checksum from here on (IPv4 only). */
static inline int clab_set_unchecked(int fd) {
  int on = 1;
  return setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on) < 0 ? -errno : 0;
}

static inline ssize_t clab_send(int fd, const void *from, size_t count) {
  ssize_t n;
  do n = send(fd, from, count, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

static inline ssize_t clab_receive(int fd, void *into, size_t capacity) {
  ssize_t n;
  do n = recv(fd, into, capacity, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

/* The other side sees an end, and may go on sending. */
static inline int clab_end_sending(int fd) { return shutdown(fd, SHUT_WR) < 0 ? -errno : 0; }

/* Something that is ready, as it was registered. */
typedef struct clab_ready {
  uint64_t token;
  uint8_t can_receive;
  uint8_t can_send;
  uint8_t has_failed;
} clab_ready;

enum { CLAB_READY_BATCH = 64 };

static inline int clab_poller(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* Adds a descriptor, or changes what is waited for on it. */
static inline int clab_watch(int poller, int fd, uint64_t token, int receiving, int sending) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = (receiving ? EPOLLIN : 0) | (sending ? EPOLLOUT : 0);
  event.data.u64 = token;
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
  if (errno != EEXIST) return -errno;
  return epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

static inline void clab_forget(int poller, int fd) { epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL); }

/* Waits at most so long (for ever below 0) until something is ready; up to CLAB_READY_BATCH. The
 * time goes through ppoll: epoll_wait's own is in milliseconds, and epoll_pwait2 is younger than
 * the kernels that this is to run on. */
static inline int clab_wait(int poller, clab_ready *ready, int64_t timeout_ns) {
  struct epoll_event events[CLAB_READY_BATCH];
  struct timespec time = {timeout_ns / 1000000000, timeout_ns % 1000000000};
  struct pollfd one = {poller, POLLIN, 0};
  if (timeout_ns != 0) {
    int n = ppoll(&one, 1, timeout_ns < 0 ? NULL : &time, NULL);
    if (n <= 0) return n < 0 && errno != EINTR ? -errno : 0;
  }
  int count = epoll_wait(poller, events, CLAB_READY_BATCH, 0);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) {
    ready[i].token = events[i].data.u64;
    ready[i].can_receive = (events[i].events & EPOLLIN) != 0;
    ready[i].can_send = (events[i].events & EPOLLOUT) != 0;
    ready[i].has_failed = (events[i].events & (EPOLLERR | EPOLLHUP)) != 0;
  }
  return count;
}

/* The kernel may wake a process 50 microseconds late to save power; not this one. */
static inline void clab_wake_in_time(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

#endif
