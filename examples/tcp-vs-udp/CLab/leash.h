/*
 * Children that never outlive this process, however it ends. Each is started together with a leash:
 * a process that leads the child's process group, reads from a pipe that only this process can
 * write to, and kills the group when that pipe ends. PR_SET_PDEATHSIG would not do: it tells of the
 * death of a thread, not of a process, and reaches no grandchild.
 * Where this process has other threads, the child may make only calls that are safe in a signal
 * handler until it is another program: it does, but for execvpe, which glibc (since 2.24) keeps
 * free of locks and of malloc, and system calls that POSIX does not know. The leash stays a copy of
 * this process, and when it ends those in a namespace it looks through /proc with opendir and
 * snprintf: it relies on glibc, whose fork leaves malloc usable in the child.
 */
#ifndef CLAB_LEASH_H
#define CLAB_LEASH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not in every C library's headers; the same on every architecture that Swift knows. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLAB_CLOSE_ON_EXEC (1u << 2)

/* Where starting a child failed. */
enum { CLAB_STEP_PREPARE = 0, CLAB_STEP_NAMESPACE = 1, CLAB_STEP_EXEC = 2 };

/* A started child; numbers are -1 or 0 until there is something. */
typedef struct {
  pid_t pid;      /* the child */
  pid_t leash;    /* who leads its process group */
  int end;        /* the writing end of the pipe that the leash reads */
  int pidfd;      /* can be read when the child has ended */
  int step;       /* where it failed, if it did */
} clab_child;

/* A process of that number whose network is that namespace? */
static inline int clab_is_inside(const char *number, const struct stat *wanted) {
  char path[64];
  struct stat found;
  snprintf(path, sizeof path, "/proc/%.20s/ns/net", number);
  return stat(path, &found) == 0 && found.st_ino == wanted->st_ino &&
         found.st_dev == wanted->st_dev;
}

/* Kills every process in a network namespace but this one; how many there were at the last look
 * (0, unless something in there starts processes faster than they can be killed). */
static inline int clab_kill_inside(int namespace_fd) {
  struct stat wanted;
  int count = 0;
  if (fstat(namespace_fd, &wanted) < 0) return -errno;
  for (int look = 0; look < 50; look++) {
    DIR *processes = opendir("/proc");
    if (!processes) return -errno;
    struct dirent *entry;
    count = 0;
    while ((entry = readdir(processes))) {
      pid_t pid = (pid_t)atoi(entry->d_name);
      if (pid <= 0 || pid == getpid() || !clab_is_inside(entry->d_name, &wanted)) continue;
      if (kill(pid, SIGKILL) == 0) count++;
    }
    closedir(processes);
    if (!count) return 0;
    usleep(2000);
  }
  return count;
}

/* Closes every descriptor from `lowest` on, or with CLAB_CLOSE_ON_EXEC has exec do it. */
static inline void clab_close_from(int lowest, unsigned flags) {
  if (syscall(SYS_close_range, (unsigned)lowest, ~0u, flags) == 0) return;
  /* Before Linux 5.11. */
  long most = sysconf(_SC_OPEN_MAX);
  for (int fd = lowest; fd < (most < 0 || most > 65536 ? 65536 : most); fd++) {
    if (flags)
      (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    else
      close(fd);
  }
}

/* The leash's whole life. Every signal is blocked, so that only KILL ends it early. */
static inline void clab_be_leash(int pipe_end, int namespace_fd) {
  char byte;
  ssize_t n;
  setpgid(0, 0);
  prctl(PR_SET_NAME, "leash");
  if (chdir("/") < 0) _exit(1);
  dup2(pipe_end, 0);
  if (namespace_fd >= 0) dup2(namespace_fd, 1);
  clab_close_from(namespace_fd >= 0 ? 2 : 1, 0);
  do n = read(0, &byte, 1);
  while (n > 0 || (n < 0 && errno == EINTR));
  if (namespace_fd >= 0) clab_kill_inside(1);
  kill(0, SIGKILL);
  _exit(0);
}

/* Tells the parent, and ends. */
static inline void clab_give_up(int status_end, int step) {
  int words[2] = {step, errno};
  ssize_t n = write(status_end, words, sizeof words);
  _exit(n < 0 ? 126 : 127);
}

/* The child's way to exec. sources are numbered above every target. */
static inline void clab_become(char *const *arguments, char *const *environment,
                               const int *sources, const int *targets, size_t count,
                               int namespace_fd, int terminal_fd, pid_t parent, pid_t group,
                               int status_end) {
  sigset_t none;
  struct sigaction standard;
  memset(&standard, 0, sizeof standard);
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
  /* Where the parent has died by now, the leash may have looked round before we were there. */
  if (setpgid(0, group) < 0) clab_give_up(status_end, CLAB_STEP_PREPARE);
  /* While SIGTTOU is still blocked: it would stop who takes the terminal from the background. */
  if (terminal_fd >= 0) (void)tcsetpgrp(terminal_fd, group);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);

  if (getppid() != parent) _exit(1);
  if (namespace_fd >= 0 && setns(namespace_fd, CLONE_NEWNET) < 0)
    clab_give_up(status_end, CLAB_STEP_NAMESPACE);
  for (size_t i = 0; i < count; i++)
    if (dup2(sources[i], targets[i]) < 0) clab_give_up(status_end, CLAB_STEP_PREPARE);
  clab_close_from(3, CLAB_CLOSE_ON_EXEC);
  for (size_t i = 0; i < count; i++) (void)fcntl(targets[i], F_SETFD, 0);
  execvpe(arguments[0], arguments, environment);
  clab_give_up(status_end, CLAB_STEP_EXEC);
}

/* Ends what was started of a child, and waits for it. Also where it was never whole. */
static inline void clab_end_child(clab_child *child) {
  if (child->leash > 0) kill(-child->leash, SIGKILL);
  if (child->pid > 0) kill(child->pid, SIGKILL);
  if (child->leash > 0) kill(child->leash, SIGKILL);
  if (child->leash > 0)
    while (waitpid(child->leash, NULL, 0) < 0 && errno == EINTR) {}
  if (child->pid > 0)
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {}
  child->pid = child->leash = 0;
}

/* Forks leash and child, once every descriptor is in place. */
static inline int clab_fork(char *const *arguments, char *const *environment, const int *sources,
                            const int *targets, size_t count, int namespace_fd, int terminal_fd,
                            const int leash_ends[2], const int status_ends[2],
                            clab_child *child) {
  pid_t parent = getpid();
  child->leash = fork();
  if (child->leash == 0) clab_be_leash(leash_ends[0], namespace_fd);
  if (child->leash < 0) return -errno;
  /* Here and in the leash: whoever comes first. */
  setpgid(child->leash, child->leash);
  child->pid = fork();
  if (child->pid == 0)
    clab_become(arguments, environment, sources, targets, count, namespace_fd, terminal_fd, parent,
                child->leash, status_ends[1]);
  return child->pid < 0 ? -errno : 0;
}

/*
 * Starts a program, looked up in PATH where its name has no slash. sources[i] becomes descriptor
 * targets[i] of the child, which has no others, no signal blocked, and is in `namespace_fd` where
 * that is not negative. Its group becomes the foreground one of the terminal `terminal_fd`, where
 * that is not negative. Returns when it runs, or with -errno and child->step. Whoever asks ends
 * with clab_end_child, and closes end and pidfd.
 */
static inline int clab_start(char *const *arguments, char *const *environment, const int *sources,
                             const int *targets, size_t count, int namespace_fd, int terminal_fd,
                             clab_child *child) {
  int leash_ends[2] = {-1, -1}, status_ends[2] = {-1, -1}, words[2], error = 0, lowest = 3;
  int *copies = calloc(count + 1, sizeof *copies);
  size_t made = 0;
  sigset_t all, before;
  *child = (clab_child){0, 0, -1, -1, CLAB_STEP_PREPARE};
  if (!copies) return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    if (targets[i] >= lowest) lowest = targets[i] + 1;
  for (; made < count && !error; made++) {
    copies[made] = fcntl(sources[made], F_DUPFD_CLOEXEC, lowest);
    if (copies[made] < 0) error = -errno;
  }
  if (!error && (pipe2(leash_ends, O_CLOEXEC) < 0 || pipe2(status_ends, O_CLOEXEC) < 0))
    error = -errno;
  if (!error) {
    /* The child writes to it when its own descriptors are in place already. */
    int moved = fcntl(status_ends[1], F_DUPFD_CLOEXEC, lowest);
    if (moved < 0) {
      error = -errno;
    } else {
      close(status_ends[1]);
      status_ends[1] = moved;
    }
  }
  if (!error) {
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = clab_fork(arguments, environment, copies, targets, count, namespace_fd, terminal_fd,
                      leash_ends, status_ends, child);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  if (status_ends[1] >= 0) close(status_ends[1]);
  if (!error) {
    ssize_t n;
    do n = read(status_ends[0], words, sizeof words);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof words) {
      child->step = words[0];
      error = -words[1];
    }
  }
  if (!error) {
    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (child->pidfd < 0) error = -errno;
  }
  if (error) clab_end_child(child);
  for (size_t i = 0; i < made; i++)
    if (copies[i] >= 0) close(copies[i]);
  free(copies);
  if (status_ends[0] >= 0) close(status_ends[0]);
  if (leash_ends[0] >= 0) close(leash_ends[0]);
  if (error && leash_ends[1] >= 0) close(leash_ends[1]);
  child->end = error ? -1 : leash_ends[1];
  return error;
}

/* Has the child ended? Its pid with *status (0 to 255) or *signal set, or 0 for not yet. */
static inline int clab_look(pid_t pid, int *status, int *signal_number) {
  int raw = 0;
  pid_t ended;
  do ended = waitpid(pid, &raw, WNOHANG);
  while (ended < 0 && errno == EINTR);
  if (ended < 0) return -errno;
  *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 0;
  *signal_number = WIFSIGNALED(raw) ? WTERMSIG(raw) : 0;
  return ended;
}

/* The signal that has stopped the child since it was last asked; 0 for none. */
static inline int clab_look_for_stop(pid_t pid) {
  siginfo_t found;
  found.si_pid = 0;
  if (waitid(P_PID, (id_t)pid, &found, WSTOPPED | WNOHANG) < 0 || found.si_pid == 0) return 0;
  return found.si_status;
}

static inline int clab_signal(pid_t pid, int number) { return kill(pid, number) < 0 ? -errno : 0; }

/* The environment as it is now; a NULL ends it. */
static inline char *const *clab_environment(void) { return environ; }

#endif
