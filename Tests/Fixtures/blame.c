/* Promise: whatever ends a worker, what can be told of it is told. One line is one request; what it
 * says is done, and anything else is echoed. In on_eof the word of the setting "at-end" is. */
#include <portico.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* volatile: the compiler must not foresee any of it. */
static volatile int *volatile nowhere;
static void (*volatile no_function)(void);
static volatile int deepest = -1;
static const portico_host *host;

static int descend(int depth) {
  volatile char frame[4096];
  frame[depth & 4095] = (char)depth;
  if (depth == deepest) return depth;
  return descend(depth + 1) + frame[depth & 4095];
}

static void *hit(void *unused) {
  *nowhere = 1;
  return unused;
}

static void *leave(void *unused) {
  exit(7);
  return unused;
}

static void *overflow(void *unused) {
  deepest = descend(0);
  return unused;
}

/* The call goes on until the thread has ended the process. */
static void start(void *(*body)(void *)) {
  pthread_t thread;
  pthread_create(&thread, NULL, body, NULL);
  for (int i = 0; i < 100; i++) usleep(100000);
}

__attribute__((noinline)) static void smash(void) {
  volatile char *frame = __builtin_frame_address(0);
  for (int i = 0; i < 512; i++) frame[i] = 0x41;
}

static void obey(const char *word) {
  if (strncmp(word, "crash", 5) == 0) *nowhere = 1;
  if (strncmp(word, "thread", 6) == 0) start(hit);
  if (strncmp(word, "leave", 5) == 0) start(leave);
  if (strncmp(word, "deep", 4) == 0) start(overflow);
  if (strncmp(word, "jump", 4) == 0) no_function();
  if (strncmp(word, "smash", 5) == 0) smash();
  if (strncmp(word, "library", 7) == 0) puts((const char *)nowhere);
  if (strncmp(word, "sleep", 5) == 0 && puts("asleep") >= 0) sleep(20);
  if (strncmp(word, "fork", 4) == 0 && fork() == 0) exit(3);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *end = memchr(buffer, '\n', len);
  if (!end) return 0;
  obey(buffer);
  size_t used = (size_t)(end - (const char *)buffer) + 1;
  reply(buffer, used);
  return (ptrdiff_t)used;
}

static void on_eof(void *state, portico_reply reply) {
  (void)state;
  const char *word = host->setting("at-end");
  if (word) obey(word);
  portico_finish(reply);
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  const char *word = host->setting("at-open");
  if (word) obey(word);
  return NULL;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  const char *word = host->setting("at-load");
  if (word) obey(word);
  (void)host->setting("at-open");
  (void)host->setting("at-end");
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "blame", .version = "1.0",
    .on_load = on_load, .on_open = on_open, .on_eof = on_eof};

const portico_descriptor *portico_describe(void) { return &descriptor; }
