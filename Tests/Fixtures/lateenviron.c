/* Promise: a program's words are read wherever its environment lies. Loaded with LD_PRELOAD, this
 * library moves the environment away from the initial stack before the program begins, as libraries
 * do that trace or pretend another time. */
#include <stdlib.h>

__attribute__((constructor)) static void move(void) { setenv("LATE_ENVIRON", "1", 1); }
