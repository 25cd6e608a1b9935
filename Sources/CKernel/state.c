/*
 * What the signal handlers and fork handlers of a process share, once. A variable in a function of
 * a header would be another one in each file that calls the function: Swift compiles the headers
 * into every file of its own.
 */
#include "crash.h"
#include "fork.h"
#include "orphan.h"
#include "listeners.h"

ck_crash_target *ck_crash_destination(void) {
  static ck_crash_target target;
  return &target;
}

ck_fork_guard *ck_this_fork_guard(void) {
  static ck_fork_guard guard;
  return &guard;
}

ck_orphan_duty *ck_orphan(void) {
  static ck_orphan_duty duty;
  return &duty;
}

static pthread_mutex_t umask_lock = PTHREAD_MUTEX_INITIALIZER;

void ck_lock_umask(void) { pthread_mutex_lock(&umask_lock); }
void ck_unlock_umask(void) { pthread_mutex_unlock(&umask_lock); }
