/*
 * What only the probe needs: to count what a plugin may leak, and memory whose neighbours cannot be
 * touched. Every shim exists because Swift cannot import the call as it is, and returns -errno on
 * failure.
 */
#ifndef CKERNEL_PROBE_H
#define CKERNEL_PROBE_H

#include "memory.h"

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

/* Threads of this process: the links of a folder in /proc, less its own two. */
static inline int ck_thread_count(void) {
  struct stat status;
  if (stat("/proc/self/task", &status) < 0) return -errno;
  return (int)status.st_nlink - 2;
}

/* Bytes that malloc has given out and not got back, in all of its arenas and mappings. */
static inline uint64_t ck_heap_byte_count(void) {
  struct mallinfo2 info = mallinfo2();
  return (uint64_t)info.uordblks + (uint64_t)info.hblkhd;
}

/* 1 when fd can be read within the time, else 0; -1 waits for ever. */
static inline int ck_poll_readable(int fd, int timeout_ms) {
  struct pollfd one = {fd, POLLIN, 0};
  int n = poll(&one, 1, timeout_ms);
  return n > 0;
}

/* Waits until fd can be written or its other end has gone. */
static inline void ck_poll_writable(int fd) {
  struct pollfd one = {fd, POLLOUT, 0};
  (void)poll(&one, 1, -1);
}

/* Maps a memory file twice: writable where the result points, and read-only at *read_only with an
 * inaccessible page on either side. `size` is a multiple of the page size. Never unmapped. */
static inline void *ck_map_guarded(int fd, size_t size, void **read_only, int *error) {
  const size_t page = 4096;
  char *room = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void *writable = MAP_FAILED;
  *error = 0;
  if (room != MAP_FAILED &&
      mmap(room + page, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED)
    writable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (writable == MAP_FAILED) {
    *error = -errno;
    return NULL;
  }
  *read_only = room + page;
  return writable;
}

#endif
