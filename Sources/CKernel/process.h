/*
 * Processes for Swift: spawning by exec, waiting, signals as descriptors, and what a worker does to
 * itself before it runs a plugin.
 */
#ifndef CKERNEL_PROCESS_H
#define CKERNEL_PROCESS_H

#include "descriptors.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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
