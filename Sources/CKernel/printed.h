/*
 * The pipe that a plugin prints to, from the worker's own side: a thread of the worker must be able
 * to take bytes out of it, whatever the plugin does to the worker's descriptors. Each function
 * returns -errno on failure.
 */
#ifndef CKERNEL_PRINTED_H
#define CKERNEL_PRINTED_H

#include "identity.h"
#include "supervise.h"

#include <semaphore.h>

/* A pipe: both ends are closed on exec, and only the reading end never blocks. Whoever is given the
 * other end, and its children, may expect it to be like any pipe. */
static inline int ck_output_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  int error = ck_set_nonblocking(ends[0]);
  if (error) {
    close(ends[0]);
    close(ends[1]);
  }
  return error;
}

/* The reading end of the pipe that `fd` writes to, closed on exec, never blocking, and among the
 * worker's own numbers; -ESPIPE when it is no pipe. The kernel asks whether this user may read the
 * pipe, so it is to be opened before the user changes. */
static inline int ck_open_other_end(int fd) {
  char path[32];
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  if (!S_ISFIFO(status.st_mode)) return -ESPIPE;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int end = ck_open_read(path);
  return end < 0 ? end : ck_move_up(end, ck_own_descriptors());
}

static inline int ck_pipe_capacity(int fd) {
  int capacity = fcntl(fd, F_GETPIPE_SZ);
  return capacity < 0 ? -errno : capacity;
}

/* Waits until there is something to read. 0 when there never will be: nobody has the other end. */
static inline int ck_await_bytes(int fd) {
  struct pollfd one = {fd, POLLIN, 0};
  int n;
  do n = poll(&one, 1, -1);
  while (n < 0 && errno == EINTR);
  return n == 1 && (one.revents & POLLIN) != 0;
}

/* 1 when whoever writes to this pipe would have to wait. */
static inline int ck_is_full(int fd) {
  struct pollfd one = {fd, POLLOUT, 0};
  return poll(&one, 1, 0) == 0;
}

static inline void ck_pause(int time_ms) { (void)poll(NULL, 0, time_ms); }

typedef struct ck_isolated_thread {
  void *(*run)(void *);
  void *argument;
  int kept;
  int has_own; /* 1 when the thread has a table of descriptors of its own */
  sem_t is_ready;
} ck_isolated_thread;

static inline void *ck_run_isolated(void *raw) {
  ck_isolated_thread *thread = raw;
  void *(*run)(void *) = thread->run;
  void *argument = thread->argument;
  unsigned kept = (unsigned)thread->kept;
  thread->has_own = close_range(kept + 1, ~0U, CLOSE_RANGE_UNSHARE) == 0;
  if (thread->has_own && kept > 3) (void)close_range(3, kept - 1, 0);
  sem_post(&thread->is_ready); /* `thread` is gone from here on */
  return run(argument);
}

/*
 * A detached thread like that of ck_start_thread, with a table of descriptors of its own in which
 * only 0 to 2 and `kept` are open; in that of the caller `kept` is closed. So nobody can close it
 * under the thread or put something else in its place, children do not inherit it, and the kernel
 * goes on treating the caller's table as one that nobody shares, which makes each of its system
 * calls cheaper. Before Linux 5.9 the table is shared after all, and `kept` stays open.
 */
static inline int ck_start_isolated_thread(void *(*run)(void *), void *argument, int kept) {
  ck_isolated_thread thread = {.run = run, .argument = argument, .kept = kept};
  if (sem_init(&thread.is_ready, 0, 0) < 0) return -errno;
  int error = ck_start_thread(ck_run_isolated, &thread);
  if (!error)
    while (sem_wait(&thread.is_ready) < 0 && errno == EINTR) continue;
  sem_destroy(&thread.is_ready);
  if (!error && thread.has_own) close(kept);
  return error;
}

#endif
