/*
 * What only the supervisor needs from the kernel: starting processes with descriptors in chosen
 * places, waiting for them, signals as a descriptor, and looking round (folders, links, cores).
 * Every shim exists because Swift cannot import the call as it is, and returns -errno on failure.
 */
#ifndef CKERNEL_SUPERVISE_H
#define CKERNEL_SUPERVISE_H

#include "page.h"
#include "process.h"
#include "sockets.h"

#include <dirent.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/file.h>

extern char **environ;

/* The environment as it is now; a NULL ends it. */
static inline char *const *ck_environment(void) { return environ; }

/* Ends of children are kept until they are waited for, whatever this process was started with: one
 * that ignores SIGCHLD never learns how a child ended. */
static inline int ck_heed_children(void) {
  struct sigaction now;
  if (sigaction(SIGCHLD, NULL, &now) < 0) return -errno;
  return now.sa_handler == SIG_IGN && signal(SIGCHLD, SIG_DFL) == SIG_ERR ? -errno : 0;
}

/*
 * posix_spawn(3). sources[i] becomes descriptor targets[i] of the child. Each source is first
 * duplicated above every target: a dup2 in the child would otherwise overwrite a source that a
 * later one still needs. The child starts with no signal blocked. With own_group it leads a
 * process group, so that Ctrl-C does not reach it, has every signal at its default, and no
 * descriptor above 2 but the targets; otherwise it has what is not closed on exec, and only the
 * signal that Portico itself changed (SIGPIPE) is put back.
 */
static inline int ck_spawn(const char *path, char *const *arguments, char *const *environment,
                           const int *sources, const int *targets, size_t count, int own_group,
                           int search_path, pid_t *pid) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  int *copies = calloc(count + 1, sizeof *copies);
  int lowest = 3, error = 0;
  size_t made = 0;
  if (!copies) return -ENOMEM;
  (void)ck_heed_children();
  for (size_t i = 0; i < count; i++)
    if (targets[i] >= lowest) lowest = targets[i] + 1;

  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  for (; made < count && !error; made++) {
    copies[made] = fcntl(sources[made], F_DUPFD_CLOEXEC, lowest);
    if (copies[made] < 0) {
      error = errno;
      break;
    }
    error = posix_spawn_file_actions_adddup2(&actions, copies[made], targets[made]);
  }

  /* Whatever this process was started with and nobody meant for the child. */
  if (own_group) {
    for (int fd = 3; fd < lowest && !error; fd++) {
      int is_target = 0;
      for (size_t i = 0; i < count; i++) is_target |= targets[i] == fd;
      if (!is_target) error = posix_spawn_file_actions_addclose(&actions, fd);
    }
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, lowest);
  }

  sigset_t none, defaults;
  sigemptyset(&none);
  if (own_group) {
    sigfillset(&defaults);
  } else {
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
  }
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                   (own_group ? POSIX_SPAWN_SETPGROUP : 0)));
  if (!error)
    error = search_path ? posix_spawnp(pid, path, &actions, &attributes, arguments, environment)
                        : posix_spawn(pid, path, &actions, &attributes, arguments, environment);

  for (size_t i = 0; i < made; i++) close(copies[i]);
  free(copies);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return -error;
}

/* Has the child ended? Returns its pid with *status (0 to 255) or *signal set, or 0 for not yet. */
static inline int ck_wait(pid_t pid, int block, int *status, int *signal_number) {
  int raw = 0;
  pid_t ended;
  do ended = waitpid(pid, &raw, block ? 0 : WNOHANG);
  while (ended < 0 && errno == EINTR);
  if (ended < 0) return -errno;
  *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 0;
  *signal_number = WIFSIGNALED(raw) ? WTERMSIG(raw) : 0;
  return ended;
}

/* The next child that has ended and is none of `known`, or 0. It is not waited for. When one of
 * `known` has ended it hides the others until it has been waited for. */
static inline pid_t ck_next_orphan(const pid_t *known, size_t count) {
  siginfo_t info;
  int result;
  memset(&info, 0, sizeof info);
  do result = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
  while (result < 0 && errno == EINTR);
  if (result < 0) return errno == ECHILD ? 0 : -errno;
  for (size_t i = 0; i < count; i++)
    if (known[i] == info.si_pid) return 0;
  return info.si_pid;
}

/* What else may become of a child. */
enum ck_change { CK_CHANGE_NONE, CK_CHANGE_EXITED, CK_CHANGE_KILLED, CK_CHANGE_STOPPED,
                 CK_CHANGE_CONTINUED };

/* What has become of a child since this was last asked (enum ck_change), each once; *value is its
 * status, or the signal. A stop by a debugger is not told to the parent. */
static inline int ck_next_change(pid_t pid, int *value) {
  int raw = 0;
  pid_t changed;
  do changed = waitpid(pid, &raw, WNOHANG | WUNTRACED | WCONTINUED);
  while (changed < 0 && errno == EINTR);
  if (changed < 0) return -errno;
  if (changed == 0) return CK_CHANGE_NONE;
  *value = WIFEXITED(raw)     ? WEXITSTATUS(raw)
           : WIFSIGNALED(raw) ? WTERMSIG(raw)
           : WIFSTOPPED(raw)  ? WSTOPSIG(raw)
                              : 0;
  return WIFEXITED(raw)     ? CK_CHANGE_EXITED
         : WIFSIGNALED(raw) ? CK_CHANGE_KILLED
         : WIFSTOPPED(raw)  ? CK_CHANGE_STOPPED
                            : CK_CHANGE_CONTINUED;
}

static inline int ck_kill(pid_t pid, int signal_number) {
  return kill(pid, signal_number) < 0 ? -errno : 0;
}

/* To one thread of a process: kill(2) chooses any that does not block the signal. */
static inline int ck_signal_thread(pid_t pid, pid_t thread, int signal_number) {
  return syscall(SYS_tgkill, pid, thread, signal_number) < 0 ? -errno : 0;
}

/* Blocks the signals for this thread and those it starts, and returns a descriptor that tells of
 * them; SIGPIPE is ignored, SIGCHLD is not. */
static inline int ck_signal_descriptor(const int *signals, size_t count) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < count; i++) sigaddset(&set, signals[i]);
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error) return -error;
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -errno;
  error = ck_heed_children();
  if (error) return error;
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

/* The next signal, 0 for none; *from_terminal says that a key raised it, for the whole foreground
 * process group and not for this process alone. */
static inline int ck_next_signal(int fd, int *from_terminal) {
  struct signalfd_siginfo info;
  ssize_t n = ck_read(fd, &info, sizeof info);
  if (n == -EAGAIN) return 0;
  if (n < 0) return (int)n;
  *from_terminal = info.ssi_code == SI_KERNEL;
  return (int)info.ssi_signo;
}

/* Makes a pipe hold `capacity` bytes if that is allowed; what it can hold now. */
static inline int ck_enlarge_pipe(int fd, int capacity) {
  int now = fcntl(fd, F_SETPIPE_SZ, capacity);
  if (now < 0) now = fcntl(fd, F_GETPIPE_SZ);
  return now < 0 ? -errno : now;
}

/* Bytes that can be read at once. */
static inline int ck_readable_count(int fd) {
  int count = 0;
  return ioctl(fd, FIONREAD, &count) < 0 ? -errno : count;
}

/* An event that a reader sleeps on, unlike ck_eventfd. */
static inline int ck_blocking_eventfd(void) {
  int fd = eventfd(0, EFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* Waits until fd can be written, for as long as that takes. */
static inline int ck_await_writable(int fd) {
  struct pollfd one = {fd, POLLOUT, 0};
  int n;
  do n = poll(&one, 1, -1);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : 0;
}

/* 1 when fd can be read (or has ended) within the time, else 0. */
static inline int ck_await_readable(int fd, int timeout_ms) {
  struct pollfd one = {fd, POLLIN, 0};
  int n = poll(&one, 1, timeout_ms);
  return n < 0 ? (errno == EINTR ? 0 : -errno) : n;
}

/* Which of many descriptors can be read now: 1 in its place, 0 otherwise. Some at a time, since a
 * process may not ask for more than it may have open. */
static inline int ck_readable_now(const int *fds, uint8_t *readable, size_t count) {
  struct pollfd some[64];
  for (size_t first = 0; first < count; first += 64) {
    size_t size = count - first < 64 ? count - first : 64;
    for (size_t i = 0; i < size; i++) some[i] = (struct pollfd){fds[first + i], POLLIN, 0};
    int n;
    do n = poll(some, (nfds_t)size, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0) return -errno;
    for (size_t i = 0; i < size; i++) readable[first + i] = (some[i].revents & POLLIN) != 0;
  }
  return 0;
}

/* A detached thread with all signals blocked, so that they reach the descriptor instead. */
static inline int ck_start_thread(void *(*run)(void *), void *argument) {
  sigset_t all, before;
  pthread_t thread;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, NULL, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!error) pthread_detach(thread);
  return -error;
}

/* Cores this process may run on; at least 1. */
static inline int ck_core_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online < 1 ? 1 : (int)online;
}

/* The most descriptors a process started from here may raise its limit to. */
static inline int64_t ck_hard_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  return limit.rlim_max > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_max;
}

/* ck_limit_count of a page that was copied: Swift can pass that without a pointer. */
static inline uint64_t ck_page_limit(ck_page page, uint32_t limit) {
  return limit < CK_LIMIT_COUNT ? ck_limit_count(&page, (int)limit) : 0;
}

static inline int ck_open_read_write(const char *path) {
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
  return fd < 0 ? -errno : fd;
}

static inline ssize_t ck_read_link(const char *path, char *into, size_t capacity) {
  ssize_t n = readlink(path, into, capacity);
  return n < 0 ? -errno : n;
}

/* 1 for a regular file, 2 for a folder, 0 for anything else. */
static inline int ck_file_kind(const char *path) {
  struct stat status;
  if (stat(path, &status) < 0) return -errno;
  return S_ISREG(status.st_mode) ? 1 : S_ISDIR(status.st_mode) ? 2 : 0;
}

/* NULL at the end of the folder. The name lives until the next call. */
static inline const char *ck_next_entry(DIR *folder) {
  struct dirent *entry = readdir(folder);
  return entry ? entry->d_name : NULL;
}

static inline int ck_remove_file(const char *path) { return unlink(path) < 0 ? -errno : 0; }

/* Opens a file for writing under an exclusive lock that ends with this process; -EWOULDBLOCK when
 * another one has it. What was in it is gone then. */
static inline int ck_open_locked(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return -errno;
  if (flock(fd, LOCK_EX | LOCK_NB) < 0 || ftruncate(fd, 0) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

/* Takes a listener out of service for every process that shares it: clients are refused, and those
 * that nobody has accepted are reset. */
static inline int ck_stop_listening(int fd) { return shutdown(fd, SHUT_RD) < 0 ? -errno : 0; }

/* Makes room for so many descriptors, as far as the hard limit goes. */
static inline int ck_reserve_descriptors(int64_t count) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  if (limit.rlim_cur >= (rlim_t)count) return 0;
  limit.rlim_cur = limit.rlim_max < (rlim_t)count ? limit.rlim_max : (rlim_t)count;
  return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

/* The first stream address of a name, port 0; otherwise getaddrinfo's own code, which is not an
 * errno: ck_resolve_reason says what it means. */
static inline int ck_resolve(const char *name, ck_endpoint *into) {
  struct addrinfo hints, *found = NULL;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  int code = getaddrinfo(name, NULL, &hints, &found);
  if (code) return code;
  struct sockaddr_storage address;
  memset(&address, 0, sizeof address);
  memcpy(&address, found->ai_addr, found->ai_addrlen);
  ck_endpoint_read(&address, into);
  freeaddrinfo(found);
  return 0;
}
static inline const char *ck_resolve_reason(int code) { return gai_strerror(code); }

/* 1 when the limit of core files lets one be written, whole or cut. */
static inline int ck_wants_core_files(void) {
  struct rlimit core;
  return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur > 0;
}

#endif
