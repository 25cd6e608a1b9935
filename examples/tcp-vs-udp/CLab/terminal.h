/*
 * How wide a terminal is (ioctl has a variable number of arguments, which Swift cannot pass), and
 * whose keys are whose.
 */
#ifndef CLAB_TERMINAL_H
#define CLAB_TERMINAL_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Columns, or -errno for what is no terminal. */
static inline int clab_columns(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) < 0 ? -errno : size.ws_col;
}

/* The process group that this process's terminal sends its keys to; -errno where fd is none. */
static inline int clab_foreground(int fd) {
  pid_t group = tcgetpgrp(fd);
  return group < 0 ? -errno : group;
}

/* From now on it sends them to that group. SIGTTOU, which stops who asks from the background, is
 * blocked for the call, which it then does not reach. */
static inline int clab_set_foreground(int fd, pid_t group) {
  sigset_t output, before;
  sigemptyset(&output);
  sigaddset(&output, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &output, &before);
  int result = tcsetpgrp(fd, group) < 0 ? -errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return result;
}

/* Stops this process and its group, as the key does, until somebody lets them go on. Returns at
 * once where nobody could: the kernel stops no group that has nobody outside to do that. */
static inline void clab_stop_here(void) { kill(0, SIGTSTP); }

#endif
