/*
 * A program, not a plugin: runs a command for which io_uring does not exist, as containers do.
 *
 *     no_uring ERRNO COMMAND...    io_uring_setup fails with ERRNO, a number
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count < 3) return fprintf(stderr, "usage: no_uring ERRNO COMMAND...\n"), 64;
  const unsigned answer = SECCOMP_RET_ERRNO | (unsigned)atoi(words[1]);
  struct sock_filter lines[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof lines / sizeof lines[0], lines};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    return perror("no_uring: seccomp"), 1;
  execvp(words[2], words + 2);
  return perror("no_uring: exec"), 1;
}
