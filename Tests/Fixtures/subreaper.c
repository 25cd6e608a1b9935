/* Becomes another program, which inherits the children that its descendants leave behind, as
 * process 1 of a container does. */
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) return 1;
  execvp(words[1], words + 1);
  perror(words[1]);
  return 1;
}
