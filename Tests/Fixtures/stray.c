/* Promise: a loop that does not go on outside of any call is found. "wait" and "turn" have the
 * worker's first thread end up in a signal handler that never returns, soon after the call: while
 * the loop waits for events, or while it works; it prints "astray". Anything else is echoed. */
#define _GNU_SOURCE
#include <portico.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t is_in_call;
static pthread_t loop;

static void stay(int number) {
  (void)number;
  if (is_in_call) return;
  (void)!write(STDOUT_FILENO, "astray\n", 7);
  for (;;) pause();
}

static void *disturb(void *argument) {
  (void)argument;
  usleep(50000);
  pthread_kill(loop, SIGUSR2);
  return NULL;
}

/* After so much of the thread's own time, which passes only while it works, again and again. */
static void disturb_at_work(void) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
  struct itimerspec time = {{0, 20000}, {0, 20000}};
  timer_t timer;
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0)
    (void)timer_settime(timer, 0, &time, NULL);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  pthread_t thread;
  is_in_call = 1;
  signal(SIGUSR2, stay);
  loop = pthread_self();
  if (len >= 4 && memcmp(buffer, "wait", 4) == 0) pthread_create(&thread, NULL, disturb, NULL);
  if (len >= 4 && memcmp(buffer, "turn", 4) == 0) disturb_at_work();
  reply(buffer, len);
  is_in_call = 0;
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "stray", .flags = PORTICO_SHARDED};

const portico_descriptor *portico_describe(void) { return &descriptor; }
