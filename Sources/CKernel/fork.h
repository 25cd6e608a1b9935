/*
 * What a plugin's fork(2) takes along. A child without exec has every descriptor of its worker: a
 * port that stays taken after the host's end, clients that wait for an end that does not come. So
 * the C library is asked to call the child back first, and it closes what is not the plugin's.
 */
#ifndef CKERNEL_FORK_H
#define CKERNEL_FORK_H

#include "descriptors.h"

#include <pthread.h>

/* Of the descriptor that a child keeps, in the table of owners. */
#define CK_OWNER_SHARED UINT32_MAX
/* Of the worker's own others. */
#define CK_OWNER_WORKER (UINT32_MAX - 1)

/* Set before a plugin is loaded, never changed after. */
typedef struct ck_fork_guard {
  const uint32_t *owners; /* by number; 0 for none of the worker's */
  size_t count;
  size_t *thread; /* the loop's, as replies compare it with their own */
} ck_fork_guard;

/* The one of this process. */
ck_fork_guard *ck_this_fork_guard(void);

/* In the child, before fork returns there. Async-signal-safe. */
static inline void ck_begin_child(void) {
  const ck_fork_guard *guard = ck_this_fork_guard();
  *guard->thread = 0;
  for (size_t fd = 3; fd < guard->count; fd++)
    if (guard->owners[fd] && guard->owners[fd] != CK_OWNER_SHARED) (void)close((int)fd);
}

/* From here on children of fork(2) begin like that. (One of vfork, posix_spawn, system or popen
 * goes on to exec, which closes them too; one of a bare clone(2) is on its own.) */
static inline int ck_guard_forks(const uint32_t *owners, size_t count, size_t *thread) {
  *ck_this_fork_guard() = (ck_fork_guard){owners, count, thread};
  return -pthread_atfork(NULL, NULL, ck_begin_child);
}

#endif
