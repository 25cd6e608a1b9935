/*
 * Processes for Swift: spawning by exec, waiting, signals as descriptors, and what a worker does to
 * itself before it runs a plugin.
 */
#ifndef CKERNEL_PROCESS_H
#define CKERNEL_PROCESS_H

#include "descriptors.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Linux 6.3; Debian 12's headers are older. The kernel, not the header, says if it is there. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif
/* Linux 6.6. */
#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT 2
#endif
_Static_assert(PR_SET_MDWE == 65 && PR_MDWE_REFUSE_EXEC_GAIN == 1, "as in linux/prctl.h");

/* A variable as it was before this program's own start needed another value; NULL for none. */
static inline int ck_restore_variable(const char *name, const char *value) {
  return (value ? setenv(name, value, 1) : unsetenv(name)) < 0 ? -errno : 0;
}

static inline void ck_do_nothing(int signal_number) { (void)signal_number; }

/* A file that would outgrow RLIMIT_FSIZE is an error (EFBIG), and no longer the end of this process
 * by SIGXFSZ. By a handler: what is ignored would stay so in programs that this process, or a
 * plugin, runs. Whoever started this process may have had it ignored; then it stays that way. */
static inline int ck_survive_file_limit(void) {
  struct sigaction action;
  if (sigaction(SIGXFSZ, NULL, &action) < 0) return -errno;
  if (action.sa_handler != SIG_DFL) return 0;
  memset(&action, 0, sizeof action);
  action.sa_handler = ck_do_nothing;
  action.sa_flags = SA_RESTART;
  return sigaction(SIGXFSZ, &action, NULL) < 0 ? -errno : 0;
}

/* How large files may become by this process's hand (RLIMIT_FSIZE); INT64_MAX for no limit. Memory
 * files are files. */
static inline int64_t ck_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return INT64_MAX;
  return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

/* Becomes another user for good: no supplementary group, no capability, and no program that it
 * runs gains any. What it holds is not shown to that user's other processes, unless `dumpable`. */
static inline int ck_become(uid_t user, gid_t group, int dumpable) {
  if (geteuid() == 0 && setgroups(0, NULL) < 0) return -errno;
  if (setresgid(group, group, group) < 0) return -errno;
  if (setresuid(user, user, user) < 0) return -errno;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
  if (prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0) < 0) return -errno;
  return 0;
}

/* 1 when this process is that user and group and nothing else, and cannot become root. */
static inline int ck_is_only(uid_t user, gid_t group) {
  uid_t real, effective, saved;
  gid_t group_real, group_effective, group_saved;
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  if (getresuid(&real, &effective, &saved) < 0) return -errno;
  if (getresgid(&group_real, &group_effective, &group_saved) < 0) return -errno;
  if (real != user || effective != user || saved != user) return 0;
  if (group_real != group || group_effective != group || group_saved != group) return 0;
  if (user == 0) return 1;
  if (getgroups(0, NULL) > 0) return 0;
  if (syscall(SYS_capget, &header, sets) < 0) return -errno;
  for (int i = 0; i < 2; i++)
    if (sets[i].effective || sets[i].permitted || sets[i].inheritable) return 0;
  return setuid(0) < 0 && setresuid((uid_t)-1, 0, (uid_t)-1) < 0 && setgid(0) < 0 ? 1 : 0;
}

/* Unless `dumpable`, from here on nobody but root may attach to this process, read its memory, or
 * find its secrets in a core file (prctl(2), PR_SET_DUMPABLE). */
static inline int ck_set_dumpable(int dumpable) {
  return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0) < 0 ? -errno : 0;
}

/* From here on this process may have so many bytes of data more than now (RLIMIT_DATA: private
 * writable mappings and the heap, by address space and not by what is touched; stacks of threads
 * count whole, shared mappings and the first thread's stack do not). For good. Returns how many it
 * has now. */
static inline int64_t ck_limit_more_data(uint64_t more) {
  char text[256];
  struct rlimit limit;
  unsigned long long pages = 0, data = 0;
  int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t count = read(fd, text, sizeof text - 1);
  int error = errno;
  close(fd);
  if (count < 0) return -error;
  text[count] = 0;
  /* size resident shared text lib data: the sixth, in pages. */
  if (sscanf(text, "%llu %*u %*u %*u %*u %llu", &pages, &data) != 2) return -EINVAL;
  if (getrlimit(RLIMIT_DATA, &limit) < 0) return -errno;
  data *= (unsigned long long)sysconf(_SC_PAGESIZE);
  rlim_t bytes = (rlim_t)data + more;
  /* Whoever started Portico may have set less; the soft limit is the lower one. */
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < bytes) bytes = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max = bytes;
  return setrlimit(RLIMIT_DATA, &limit) < 0 ? -errno : (int64_t)data;
}

/* No mapping of this process may become executable any more. Not inherited by children. */
static inline int ck_refuse_exec_gain(void) {
  unsigned long bits = PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT;
  return prctl(PR_SET_MDWE, bits, 0, 0, 0) < 0 ? -errno : 0;
}

/* No new mapping of this process may be writable and executable at once: what kernels that lack
 * PR_SET_MDWE can do. Inherited by children, which the other is not. */
static inline int ck_filter_exec_gain(void) {
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

#endif
