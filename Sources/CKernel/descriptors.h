/*
 * Descriptors, epoll, events and clocks for Swift. Every shim exists because Swift cannot import
 * the call as it is (variadic, macro, errno in thread-local storage) and returns -errno on failure.
 */
#ifndef CKERNEL_DESCRIPTORS_H
#define CKERNEL_DESCRIPTORS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "calls.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* close(2). After EINTR Linux has closed the descriptor, so it is never tried again. */
static inline int ck_close(int fd) {
  long result = ck_call(SYS_close, fd, 0, 0, 0, 0, 0);
  return result == -EINTR ? 0 : (int)result;
}

static inline int ck_open_read(const char *path) {
  int fd;
  do fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : fd;
}

static inline ssize_t ck_read(int fd, void *into, size_t capacity) {
  ssize_t n;
  do n = read(fd, into, capacity);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

/* pread(2): a place in a file, whoever else reads it. */
static inline ssize_t ck_read_at(int fd, void *into, size_t capacity, int64_t offset) {
  ssize_t n;
  do n = pread(fd, into, capacity, (off_t)offset);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

static inline ssize_t ck_write(int fd, const void *from, size_t count) {
  ssize_t n;
  do n = write(fd, from, count);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

/* A duplicate at or above `lowest`, closed on exec: fcntl is variadic. */
static inline int ck_duplicate_above(int fd, int lowest) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
  return copy < 0 ? -errno : copy;
}

static inline int ck_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  return fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static inline int ck_set_close_on_exec(int fd) {
  return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

/* 1 for a regular file, 0 for anything else; its size goes to *size. */
static inline int ck_regular_size(int fd, int64_t *size) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  *size = (int64_t)status.st_size;
  return S_ISREG(status.st_mode) ? 1 : 0;
}

/* The same, with the time of the last change of its bytes. */
static inline int ck_file_state(int fd, int64_t *size, int64_t *modified_ns) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  *size = (int64_t)status.st_size;
  *modified_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
  return S_ISREG(status.st_mode) ? 1 : 0;
}

/* Soft limit of open files, raised to the hard one; what is then in force, or -errno. */
static inline int64_t ck_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0 && getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  return (int64_t)limit.rlim_cur;
}

/* CLOCK_MONOTONIC in nanoseconds, through the vDSO: no system call. */
static inline uint64_t ck_monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The same as of the last timer interrupt: cheaper, and right to a few milliseconds. */
static inline uint64_t ck_monotonic_coarse_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* CLOCK_REALTIME in nanoseconds since 1970. */
static inline uint64_t ck_realtime_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline int ck_epoll_create(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* epoll_ctl(2) with the event built here: its C type is a packed union. */
static inline int ck_epoll_control(int epoll, int operation, int fd, uint32_t events,
                                   uint64_t data) {
  struct epoll_event event;
  event.events = events;
  event.data.u64 = data;
  return epoll_ctl(epoll, operation, fd, &event) < 0 ? -errno : 0;
}

/* EINTR counts as nothing ready: the caller's loop looks at the clock and comes back. */
static inline int ck_epoll_wait(int epoll, struct epoll_event *events, int capacity,
                                int timeout_ms) {
#ifdef SYS_epoll_wait
  long n = ck_call(SYS_epoll_wait, epoll, (long)events, capacity, timeout_ms, 0, 0);
#else /* such as AArch64 */
  long n = ck_call(SYS_epoll_pwait, epoll, (long)events, capacity, timeout_ms, 0, 0);
#endif
  return n == -EINTR ? 0 : (int)n;
}

/* 1 when there is something to receive or to accept now, or the descriptor has failed. */
static inline int ck_is_readable(int fd) {
  struct pollfd one = {fd, POLLIN, 0};
#ifdef SYS_poll
  return ck_call(SYS_poll, (long)&one, 1, 0, 0, 0, 0) == 1;
#else
  struct timespec now = {0, 0};
  return ck_call(SYS_ppoll, (long)&one, 1, (long)&now, 0, 0, 0) == 1;
#endif
}

static inline uint64_t ck_event_data(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t ck_event_mask(const struct epoll_event *event) { return event->events; }

static inline int ck_eventfd(void) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

/* A pipe, both ends closed on exec and non-blocking. */
static inline int ck_pipe(int ends[2]) {
  return pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
}

#endif
