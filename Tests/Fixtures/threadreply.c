/* Promise: a reply may be called from any thread, after handle() has returned and after the client
 * has gone. Each request comes back 20 ms later; one that ends with "last" also finishes:
 * what a client sends in two pieces may come in one. */
#include <portico.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct answer {
  struct answer *next;
  struct timespec due;
  portico_reply reply;
  size_t length;
  char bytes[];
};

static struct answer *first, **last = &first;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t added = PTHREAD_COND_INITIALIZER;

static void *answer_later(void *unused) {
  (void)unused;
  for (;;) {
    pthread_mutex_lock(&mutex);
    while (first == NULL) pthread_cond_wait(&added, &mutex);
    struct answer *answer = first;
    first = answer->next;
    if (first == NULL) last = &first;
    pthread_mutex_unlock(&mutex);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &answer->due, NULL);
    answer->reply(answer->bytes, answer->length);
    if (answer->length >= 4 && memcmp(answer->bytes + answer->length - 4, "last", 4) == 0)
      portico_finish(answer->reply);
    free(answer);
  }
  return NULL;
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  struct answer *answer = malloc(sizeof *answer + len);
  if (answer == NULL) return -1;
  answer->next = NULL;
  answer->reply = reply;
  answer->length = len;
  memcpy(answer->bytes, buffer, len);
  clock_gettime(CLOCK_MONOTONIC, &answer->due);
  answer->due.tv_nsec += 20 * 1000 * 1000;
  if (answer->due.tv_nsec >= 1000000000) answer->due.tv_nsec -= 1000000000, answer->due.tv_sec++;
  pthread_mutex_lock(&mutex);
  *last = answer;
  last = &answer->next;
  pthread_cond_signal(&added);
  pthread_mutex_unlock(&mutex);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  pthread_t thread;
  (void)host, (void)error, (void)error_size;
  return pthread_create(&thread, NULL, answer_later, NULL);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "threadreply", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
