/* Promise: what a plugin and its children print is in the log or counted, nobody who prints ever
 * fails or waits, and last words are kept. A request is `run COMMAND`, `die HOW`, or what is to be
 * printed. */
#define _GNU_SOURCE
#include <portico.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { last_words = 1000 };

static void die(const char *how) {
  for (int i = 1; i <= last_words; i++) printf("last word %d of %d\n", i, (int)last_words);
  printf("and one without an end");
  fflush(stdout);
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "kill") == 0) kill(getpid(), SIGKILL);
  if (strcmp(how, "exit") == 0) exit(3);
  _exit(3);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *text = buffer;
  char answer[40];
  int status = 0;
  if (strncmp(text, "die ", 4) == 0) die(text + 4);
  if (strncmp(text, "run ", 4) == 0)
    status = system(text + 4);
  else
    printf("%s\n", text);
  int length = snprintf(answer, sizeof answer, "status %d\n", status);
  reply(answer, (size_t)length);
  return (ptrdiff_t)len;
}
