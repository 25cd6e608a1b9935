/*
 * What a load generator asks of the kernel: connecting without waiting, waiting to the nanosecond,
 * how long a thread has run, how wide a terminal is. Each returns -errno on failure.
 */
#ifndef CKERNEL_LOAD_H
#define CKERNEL_LOAD_H

#include "listeners.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441 /* Linux 5.11; the same number on every architecture */
#endif

/* Begins to connect; -EINPROGRESS is the usual answer of a stream. */
static inline int ck_connect(int fd, const ck_endpoint *endpoint) {
  struct sockaddr_storage address;
  socklen_t length = ck_endpoint_write(endpoint, &address);
  return connect(fd, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
}

/* The same to a path. A full queue is -EAGAIN, and nothing has begun then (unix(7)). */
static inline int ck_connect_path(int fd, const char *path) {
  struct sockaddr_un address;
  int error = ck_unix_address(path, &address);
  if (error) return error;
  return connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

/* What became of a connect, or of a connection: 0 or -errno, told once. */
static inline int ck_take_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
  return -error;
}

/* epoll_wait(2) knows milliseconds only, too coarse to send at a given rate; a kernel (or a
 * sandbox) without epoll_pwait2 gets them, rounded up. EINTR counts as nothing ready. */
static inline int ck_epoll_wait_ns(int epoll, struct epoll_event *events, int capacity,
                                   uint64_t timeout_ns) {
  struct timespec timeout = {(time_t)(timeout_ns / 1000000000u), (long)(timeout_ns % 1000000000u)};
  long n = syscall(SYS_epoll_pwait2, epoll, events, capacity, &timeout, NULL, 0);
  if (n >= 0) return (int)n;
  if (errno == ENOSYS || errno == EPERM)
    return ck_epoll_wait(epoll, events, capacity, (int)((timeout_ns + 999999) / 1000000));
  return errno == EINTR ? 0 : -errno;
}

/* Wakes this thread when its time has come: by default the kernel may take 50 us more. */
static inline void ck_wake_on_time(void) { (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

/* How long this thread has been running on a processor. */
static inline uint64_t ck_thread_time_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Columns of a terminal, 0 for what is none. */
static inline int ck_terminal_width(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) < 0 ? 0 : size.ws_col;
}

#endif
