/*
 * What becomes of a process whose parent has died. A worker's loop sees that and drains; but a call
 * of the handler may be at hand that never returns, and then neither the ports nor the process
 * would ever be free again. So the kernel is asked for a signal, and its handler does what is
 * urgent. A probe serves nobody: it is killed.
 */
#ifndef CKERNEL_ORPHAN_H
#define CKERNEL_ORPHAN_H

#include "connections.h"
#include "crash.h"
#include "identity.h"
#include "process.h"

/* Set before the signal can come, never changed after. */
typedef struct ck_orphan_duty {
  pid_t parent;
  const int *listeners; /* never freed */
  size_t count;
  int substitute;
  unsigned seconds;
} ck_orphan_duty;

/* The one of this process. */
ck_orphan_duty *ck_orphan(void);

/* Async-signal-safe. In a call the listeners are let go of, for a successor: their numbers stay
 * taken, so that the loop, should it ever go on, closes nothing of somebody else's. */
static inline void ck_become_orphan(int signal_number) {
  const ck_orphan_duty *duty = ck_orphan();
  int saved = errno;
  (void)signal_number;
  /* Somebody may send this signal for no reason. */
  if (getppid() != duty->parent) {
    ck_page *page = ck_crash_destination()->page;
    if (page && page->hook)
      for (size_t i = 0; i < duty->count; i++)
        (void)dup3(duty->substitute, duty->listeners[i], O_CLOEXEC);
    /* By then the loop has drained and ended; what is left is a call that hangs. */
    (void)alarm(duty->seconds);
  }
  errno = saved;
}

/* From here on the kernel sends that signal to this process when its parent ends. `control` is a
 * socket whose other end the parent made. -EOWNERDEAD when the parent had ended before: then no
 * signal comes (PR_SET_PDEATHSIG in prctl(2)). */
static inline int ck_signal_at_end_of_parent(int control, int signal_number, pid_t *parent) {
  uint32_t user;
  int result = ck_peer_user(control, &user, parent);
  if (result < 0) return result;
  if (prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) < 0) return -errno;
  return getppid() == *parent ? 0 : -EOWNERDEAD;
}

/* From here on this process is killed when its parent ends; errors as above. */
static inline int ck_end_with_parent(int control) {
  pid_t parent;
  return ck_signal_at_end_of_parent(control, SIGKILL, &parent);
}

/* From here on this process ends within `seconds` of its parent's end; errors as above. To be
 * called when user and group are what they stay: changing them takes the signal back. */
static inline int ck_end_as_orphan(
    int control, const int *listeners, size_t count, unsigned seconds) {
  ck_orphan_duty *duty = ck_orphan();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = ck_become_orphan;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  int *copy = calloc(count + 1, sizeof *copy);
  if (!copy) return -ENOMEM;
  memcpy(copy, listeners, count * sizeof *copy);
  int substitute = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (substitute < 0) return -errno;
  substitute = ck_move_up(substitute, ck_own_descriptors());
  if (substitute < 0) return substitute;
  *duty = (ck_orphan_duty){-1, copy, count, substitute, seconds};
  /* Not SIGRTMAX itself: valgrind keeps that one for its own use. */
  if (sigaction(SIGRTMAX - 1, &action, NULL) < 0) return -errno;
  return ck_signal_at_end_of_parent(control, SIGRTMAX - 1, &duty->parent);
}

#endif
