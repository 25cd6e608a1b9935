/* Promise: a reply never reaches another client. The handler keeps every reply with the tag of its
 * client, and two threads call old ones for ever, each with its own tag: whatever a client
 * receives must be its own. A client sends "T" and 8 hex digits and "\n"; "<tag>\n" comes back. */
#include <portico.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#ifndef KEEPER_FLAGS /* 0, PORTICO_INLINE or PORTICO_FORGETS: what the handler promises, */
#define KEEPER_FLAGS 0
#endif
#ifndef KEEPER_HONEST /* and whether it keeps that. (With flags 0 there is nothing to break.) */
#define KEEPER_HONEST 1
#endif
#ifndef KEEPER_NAME
#define KEEPER_NAME "keeper"
#endif

enum {
  forgets = ((KEEPER_FLAGS) & PORTICO_FORGETS) != 0 && KEEPER_HONEST,
  keeps = !(((KEEPER_FLAGS) & PORTICO_INLINE) != 0 && KEEPER_HONEST),
  capacity = 1000000,
  line_length = 10,
  tag_length = 9
};

static struct {
  portico_reply reply;
  char tag[tag_length];
} kept[capacity];
static atomic_size_t count;

/* Held over each call of a reply by a handler that forgets honestly: after on_close has had it, no
 * thread is still inside an old reply. The others never shrink the table and need no lock. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock(void) {
  if (forgets) pthread_mutex_lock(&mutex);
}

static void unlock(void) {
  if (forgets) pthread_mutex_unlock(&mutex);
}

static void *call_old_replies(void *seed) {
  uint64_t random = (uint64_t)(uintptr_t)seed;
  for (unsigned turn = 1;; turn++) {
    lock();
    size_t n = atomic_load_explicit(&count, memory_order_acquire);
    if (n > 0) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      size_t i = random % n;
      kept[i].reply(kept[i].tag, tag_length);
    }
    unlock();
    /* Leaves a machine with two cores something to serve with. */
    if (turn % 64 == 0 || n == 0) usleep(50);
  }
  return NULL;
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *line = buffer;
  if (len < line_length) return 0;
  if (line[0] != 'T' || line[line_length - 1] != '\n') return -1;
  reply(line + 1, tag_length);
  if (keeps) {
    lock();
    size_t n = atomic_load_explicit(&count, memory_order_relaxed);
    if (n < capacity) {
      kept[n].reply = reply;
      memcpy(kept[n].tag, line + 1, tag_length);
      atomic_store_explicit(&count, n + 1, memory_order_release);
    }
    unlock();
  }
  return line_length;
}

static void on_close(void *state, portico_reply reply) {
  (void)state;
  if (!forgets) return;
  lock();
  size_t n = atomic_load_explicit(&count, memory_order_relaxed);
  for (size_t i = 0; i < n;) {
    if (kept[i].reply == reply) kept[i] = kept[--n];
    else i++;
  }
  atomic_store_explicit(&count, n, memory_order_relaxed);
  unlock();
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)host, (void)error, (void)error_size;
  for (uintptr_t seed = 1; keeps && seed <= 2; seed++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, call_old_replies, (void *)(seed * 0x9e3779b97f4a7c15u)) != 0)
      return 1;
    pthread_detach(thread);
  }
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = KEEPER_FLAGS,
    .name = KEEPER_NAME,
    .on_load = on_load,
    .on_close = on_close,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
