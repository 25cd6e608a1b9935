/* What needs_answer.c needs. With INNER the answer is another library's, libinner.so, and with
 * IS_INNER this is that one. With WITNESS it is a library that nobody should load: it leaves a file
 * beside itself, with the number of whom it ran as. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#ifdef IS_INNER
const char *inner(void) { return "inner"; }
#elif defined INNER
extern const char *inner(void);
const char *answer(void) { return inner(); }
#else
const char *answer(void) { return ANSWER; }
#endif

#ifdef WITNESS
__attribute__((constructor)) static void witness(void) {
  Dl_info info;
  char path[4096];
  if (!dladdr(ANSWER, &info)) return;
  snprintf(path, sizeof path, "%s.loaded", info.dli_fname);
  FILE *file = fopen(path, "a");
  if (!file) return;
  fprintf(file, "%d\n", (int)geteuid());
  fclose(file);
}
#endif
