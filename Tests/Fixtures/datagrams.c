/* Promise: what the header says of datagrams. The first word of one says what is done; what comes
 * of it is answered, or logged where the answer itself is what is tested:
 *   three            answers three times, in order      empty        answers with no byte at all
 *   finish           answers what finish returned       error        answers, and returns -1
 *   services         answers what the services for streams return
 *   keep, use, thread    keeps its reply; calls the kept one, here or on a thread: what it returned
 *   together         answers on a thread, and waits for it
 *   big N            one reply of N bytes               replies N S  N replies of S bytes, logged
 *   late             answers after 300 ms               crash        does
 * Anything else is answered with its length: "5 bytes". */
#include <portico.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef DATAGRAMS_FLAGS /* what it promises */
#define DATAGRAMS_FLAGS 0
#endif

static const portico_host *host;
static char block[1 << 17];
static int *volatile nowhere;
static portico_reply kept;
static long long kept_answer;

static void say(portico_reply reply, const char *format, ...) {
  char text[256];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  if (reply(text, (size_t)length) < 0) host->log(reply, PORTICO_LOG_INFO, text, (size_t)length);
}

static void *use_kept(void *unused) {
  (void)unused;
  kept_answer = kept("stale", 5);
  return NULL;
}

static void use_on_thread(void) {
  pthread_t thread;
  kept_answer = 1;
  if (pthread_create(&thread, NULL, use_kept, NULL) == 0) pthread_join(thread, NULL);
}

/* As many replies as are taken; how the others were answered goes to the log. */
static void send_many(portico_reply reply, int count, size_t size) {
  long long taken = 0, full = 0, gone = 0, other = 0;
  for (int i = 0; i < count; i++) {
    int64_t answer = reply(block, size);
    taken += answer >= 0;
    full += answer == PORTICO_FULL;
    gone += answer == PORTICO_GONE;
    other += answer < 0 && answer != PORTICO_FULL && answer != PORTICO_GONE;
  }
  char text[128];
  int length = snprintf(text, sizeof text, "taken %lld, full %lld, gone %lld, other %lld", taken,
                        full, gone, other);
  host->log(reply, PORTICO_LOG_INFO, text, (size_t)length);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *text = buffer;
  int count;
  size_t size;
  if (strcmp(text, "three") == 0) {
    say(reply, "one"), say(reply, "two"), say(reply, "three");
  } else if (strcmp(text, "empty") == 0) {
    reply(NULL, 0);
  } else if (strcmp(text, "finish") == 0) {
    say(reply, "finish %lld", (long long)portico_finish(reply));
  } else if (strcmp(text, "error") == 0) {
    say(reply, "sorry");
    return -1;
  } else if (strcmp(text, "services") == 0) {
    say(reply, "need %d, pause %d, timer %d, abort %d, state %d, pending %lld",
        host->need(reply, 10), host->pause(reply, 1), host->timer(reply, 10), host->abort(reply),
        host->state(reply) != NULL, (long long)host->pending(reply));
  } else if (strcmp(text, "keep") == 0) {
    kept = reply;
    say(reply, "kept");
  } else if (strcmp(text, "use") == 0 && kept != NULL) {
    say(reply, "answer %lld", (long long)kept("stale", 5));
  } else if (strcmp(text, "thread") == 0 && kept != NULL) {
    use_on_thread();
    say(reply, "answer %lld", kept_answer);
  } else if (strcmp(text, "together") == 0) {
    kept = reply;
    use_on_thread();
    say(reply, "answer %lld", kept_answer);
  } else if (sscanf(text, "big %zu", &size) == 1 && size <= sizeof block) {
    int64_t answer = reply(block, size);
    if (answer < 0) say(reply, "answer %lld", (long long)answer);
  } else if (sscanf(text, "replies %d %zu", &count, &size) == 2 && size <= sizeof block) {
    send_many(reply, count, size);
  } else if (strcmp(text, "late") == 0) {
    usleep(300 * 1000);
    say(reply, "late");
  } else if (strcmp(text, "crash") == 0) {
    *nowhere = 1;
  } else {
    say(reply, "%zu bytes", len);
  }
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = offered;
  return 0;
}

/* Not for datagrams, and there so that a timer is not refused for the want of it. */
static void on_timer(void *state, portico_reply reply) { (void)state, (void)reply; }

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)reply;
  if (info->transport == PORTICO_UDP) abort();
  return NULL;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = DATAGRAMS_FLAGS,
    .name = "datagrams",
    .on_load = on_load,
    .on_open = on_open,
    .on_timer = on_timer,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
