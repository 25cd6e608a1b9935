/*
 * What a descriptor refers to, for a process that runs code which it does not trust with its own
 * descriptors: a number that was closed may be another file's by now. Every shim returns -errno.
 */
#ifndef CKERNEL_IDENTITY_H
#define CKERNEL_IDENTITY_H

#include "descriptors.h"

/* An open file as fstat(2) tells it from others. All files of one anonymous kind (epoll, eventfd,
 * io_uring) look alike. */
typedef struct ck_identity {
  uint64_t device;
  uint64_t inode;
} ck_identity;

static inline int ck_identify(int fd, ck_identity *into) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  into->device = (uint64_t)status.st_dev;
  into->inode = (uint64_t)status.st_ino;
  return 0;
}

/* 1 when `fd` still refers to what it did when it was identified. */
static inline int ck_is_still(int fd, ck_identity known) {
  ck_identity now;
  return ck_identify(fd, &now) == 0 && now.device == known.device && now.inode == known.inode;
}

/* Gives a descriptor a number at or above `lowest`, closed on exec; the old number is free then.
 * Where no such number is to be had it keeps its own, closed on exec as well. */
static inline int ck_move_up(int fd, int lowest) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
  if (copy < 0) return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : fd;
  (void)close(fd);
  return copy;
}

/* From which number on a worker has its own descriptors: above what a plugin is likely to close
 * that guesses or counts wrong, and low enough for the kernel's table to stay small. */
static inline int ck_own_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= 1024) return 960;
  return limit.rlim_cur > 32 ? (int)limit.rlim_cur / 2 : 16;
}

static inline int ck_is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

/* Takes the lowest number that is free, for nothing; -1 when it is not below `end`. */
static inline int ck_take_lowest(int end) {
  int fd = eventfd(0, EFD_CLOEXEC);
  if (fd < end) return fd;
  (void)close(fd);
  return -1;
}

/* One more than the highest number that a descriptor of this process can have. */
static inline int ck_descriptor_end(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 1024;
  return limit.rlim_max > (1 << 20) ? 1 << 20 : (int)limit.rlim_max;
}

/* /dev/null on each of 0 to 2 that is closed: what is opened next would get that number, and bytes
 * that are printed would go there. Before anything else is opened. */
static inline int ck_open_standard(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    /* The lowest number that is free is this one. */
    int opened = open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
    if (opened < 0) return -errno;
    if (opened != fd) {
      close(opened);
      return -EBADF;
    }
  }
  return 0;
}

/* A client that was accepted as 0, 1 or 2: somebody has closed that number, where programs print
 * to. The client gets a higher one, and the number /dev/null. */
static inline int ck_leave_standard(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  int error = copy < 0 ? errno : 0;
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  /* In one step: a thread of the plugin may be opening something. */
  if (nothing < 0 || dup2(nothing, fd) < 0) (void)close(fd);
  if (nothing >= 0) (void)close(nothing);
  return error ? -error : copy;
}

#endif
