/*
 * Unit tests of greeter: they call handle() as the host does, with a reply that remembers. What
 * only a whole client shows is in greeter.txt.
 */
#include "greeter.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char answer[4096];
static size_t answer_length;
static int finished;

static int64_t remember(const void *data, size_t length) {
  if (data == NULL && length == PORTICO_FINISH) {
    finished = 1;
  } else {
    if (length > sizeof answer - answer_length) return PORTICO_FULL;
    memcpy(answer + answer_length, data, length);
    answer_length += length;
  }
  return (int64_t)answer_length;
}

/* Gives a text to the handler, once; what it consumed. */
static ptrdiff_t give(const char *text) {
  answer_length = 0;
  finished = 0;
  return handle(text, strlen(text), remember);
}

static void check(int is_true, const char *sentence) {
  if (is_true) return;
  fprintf(stderr, "failed: %s\n  it answered: %.*s\n", sentence, (int)answer_length, answer);
  exit(1);
}

static int answered(const char *text) {
  return strlen(text) == answer_length && memcmp(text, answer, answer_length) == 0;
}

int main(void) {
  static char endless[LONGEST_LINE + 2];

  check(give("world\n") == 6 && answered("hello world\n"), "a line is greeted");
  check(give("world\r\n") == 7 && answered("hello world\n"), "a line may end in CR LF");
  check(give("wor") == 0 && answered(""), "half a line waits for its rest");
  check(give("a\nb\n") == 2 && answered("hello a\n"), "one line at a time is consumed");
  check(give("\n") == 1 && answered("goodbye\n") && finished, "an empty line ends it");
  memset(endless, 'x', sizeof endless - 1);
  check(give(endless) < 0, "a line without end is refused");
  printf("6 checks passed\n");
  return 0;
}
