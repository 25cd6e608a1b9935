/*
 * Step 6: replies later, from a thread. A line is a question that takes its time to answer; handle
 * hands it to a thread and returns, and other clients are served meanwhile.
 *
 *     cc -shared -fPIC -pthread -I ../../Sources/CPortico/include -o later.so later.c
 *     portico call ./later.so --data 'what is the answer?\n'
 *
 * A reply may be used from any thread, at any time, and for ever: once its client has gone it
 * answers PORTICO_GONE, and never reaches another client. So nothing has to be looked up or locked
 * before a late reply. (No flag is promised here, which is what makes that true.)
 *
 * While its question waits a client is paused: the queue has one question of each at most, and a
 * client that asks faster than it is answered fills its own socket, not this memory. `portico test`
 * finds it when that is left out.
 */
#include <portico_frame.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const portico_host *host;

struct question {
  struct question *next;
  portico_reply reply;
  size_t length;
  char text[]; /* a copy: the host's bytes are only valid during the call */
};

static struct {
  pthread_mutex_t lock;
  pthread_cond_t filled;
  struct question *first, **last;
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, &queue.first};

static void *think(void *unused) {
  const struct timespec a_while = {0, 20 * 1000 * 1000};
  (void)unused;
  for (;;) {
    struct question *question;
    pthread_mutex_lock(&queue.lock);
    while (queue.first == NULL) pthread_cond_wait(&queue.filled, &queue.lock);
    question = queue.first;
    queue.first = question->next;
    if (queue.first == NULL) queue.last = &queue.first;
    pthread_mutex_unlock(&queue.lock);

    nanosleep(&a_while, NULL);
    question->text[question->length] = '\n';
    question->reply(question->text, question->length + 1);
    host->pause(question->reply, 0);
    free(question);
  }
  return NULL;
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  static const char thought[] = "I thought about: ";
  struct question *question;
  portico_frame line = portico_frame_line(buffer, len, 4096);
  if (line.total <= 0) return line.total;
  question = malloc(sizeof *question + sizeof thought + line.length);
  if (question == NULL) return -1;
  question->next = NULL;
  question->reply = reply;
  question->length = sizeof thought - 1 + line.length;
  memcpy(question->text, thought, sizeof thought - 1);
  memcpy(question->text + sizeof thought - 1, line.payload, line.length);

  host->pause(reply, 1);
  pthread_mutex_lock(&queue.lock);
  *queue.last = question;
  queue.last = &question->next;
  pthread_cond_signal(&queue.filled);
  pthread_mutex_unlock(&queue.lock);
  return line.total;
}

/* Threads are started here: a process that was only asked what it is should not have any. */
static int32_t on_load(const portico_host *table, char *error, size_t error_size) {
  pthread_t thread;
  host = table;
  if (pthread_create(&thread, NULL, think, NULL) != 0) {
    strncpy(error, "there is no thread to think in", error_size - 1);
    return 1;
  }
  pthread_detach(thread);
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .name = "later",
    .description = "thinks about each line for 20 ms, in a thread",
    .compiler = PORTICO_COMPILER,
    .on_load = on_load,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
