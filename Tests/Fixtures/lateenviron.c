/* Promise: a program's words are read wherever its environment lies. Loaded with LD_PRELOAD, this
 * library moves the environment away from the initial stack as soon as anybody opens a file, as
 * libraries do that trace or pretend another time. */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

FILE *fopen(const char *path, const char *mode) {
  static int has_moved;
  FILE *(*next)(const char *, const char *);
  if (!has_moved) {
    has_moved = 1;
    setenv("LATE_ENVIRON", "1", 1);
  }
  *(void **)&next = dlsym(RTLD_NEXT, "fopen");
  return next(path, mode);
}
