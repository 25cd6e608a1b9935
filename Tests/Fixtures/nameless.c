/* Promise: a program that was started without argv[0] says so and does nothing. Becomes the program
 * of its first argument, without any word. */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv, char **environment) {
  char *none[] = {NULL};
  if (argc < 2) return 2;
  execve(argv[1], none, environment);
  perror(argv[1]);
  return 1;
}
