/* A program, not a plugin: holds a process as a debugger does, for half a minute or until its own
 * end, and says "held" when that stands still. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **arguments) {
  pid_t pid = count == 2 ? atoi(arguments[1]) : 0;
  if (pid <= 0 || ptrace(PTRACE_SEIZE, pid, 0, 0) < 0) return perror("ptrace"), 1;
  if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0) return perror("ptrace"), 1;
  if (waitpid(pid, NULL, __WALL) < 0) return perror("waitpid"), 1;
  puts("held");
  fflush(stdout);
  return (int)sleep(30);
}
