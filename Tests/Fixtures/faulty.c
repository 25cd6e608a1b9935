/* Promise: `portico test` finds each of these mistakes. Without a BUG it is right: every line is
 * answered with "you said: " and the line. */
#include <portico.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void answer(const char *line, size_t length, portico_reply reply) {
  static const char words[] = "you said: ";
  reply(words, sizeof words - 1);
  reply(line, length);
}

#if defined(BUG_STATIC) || defined(COUPLED)
/* One place for everybody's unfinished line. */
static char line[65536];
static size_t used;

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *bytes = buffer;
  for (size_t i = 0; i < len; i++) {
    if (used < sizeof line) line[used++] = bytes[i];
    if (bytes[i] != '\n') continue;
    answer(line, used, reply);
    used = 0;
  }
  return (ptrdiff_t)len;
}

#elif defined(BUG_HOARD)
/* Keeps an unfinished line by itself, however long it is. */
struct state {
  char *line;
  size_t used;
};
static const portico_host *host;
static int32_t on_load(const portico_host *given, char *error, size_t size) {
  (void)error, (void)size;
  host = given;
  return 0;
}
static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return calloc(1, sizeof(struct state));
}
static void on_close(void *given, portico_reply reply) {
  struct state *state = given;
  (void)reply;
  free(state->line);
  free(state);
}
ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  struct state *state = host->state(reply);
  const char *bytes = buffer;
  state->line = realloc(state->line, state->used + len);
  for (size_t i = 0; i < len; i++) {
    state->line[state->used++] = bytes[i];
    if (bytes[i] != '\n') continue;
    answer(state->line, state->used, reply);
    state->used = 0;
  }
  return (ptrdiff_t)len;
}

#else
ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *bytes = buffer;
#if defined(BUG_PIECE)
  answer(bytes, len, reply);
  return (ptrdiff_t)len;
#endif
#if defined(BUG_PAST)
  (void)*(const volatile char *)(bytes + len + 2);
#endif
#if defined(BUG_BEFORE)
  (void)*(const volatile char *)(bytes - 3);
#endif
#if defined(BUG_HANG)
  if (len > 8192 && memchr(buffer, '\n', len) == NULL)
    for (volatile int forever = 1; forever;) {}
#endif
  const char *newline = memchr(buffer, '\n', len);
  if (newline == NULL) return 0;
  size_t length = (size_t)(newline - bytes) + 1;
#if defined(BUG_WRITE)
  /* As strtok does; put back at once, so that only a page that cannot be written tells. */
  *(char *)newline = 0;
  *(char *)newline = '\n';
#endif
#if defined(BUG_SLEEP)
  if (length > 8) usleep(200000);
#endif
#if defined(BUG_INLINE)
  static portico_reply kept;
  if (kept != NULL && kept != reply) kept("late", 4);
  kept = reply;
#endif
#if defined(BUG_LEAK)
  static char *volatile forgotten;
  if (bytes[0] == 'h' && bytes[1] == 'e') forgotten = malloc(64);
#endif
#if defined(BUG_DESCRIPTORS)
  if (bytes[0] == 'h' && bytes[1] == 'e') (void)!open("/dev/null", O_RDONLY);
#endif
#if defined(BUG_LEAK)
  if (forgotten != NULL) forgotten[0] = 1;
#endif
#if defined(BUG_SEVENTH)
  /* Nothing of it shows in one conversation. */
  static int lines;
  if (++lines == 7) return -1;
#endif
#if defined(BUG_REFUSES)
  if (length > 8) return -1;
#endif
  answer(bytes, length, reply);
#if defined(BUG_FIRST_ONLY)
  return (ptrdiff_t)len;
#endif
  return (ptrdiff_t)length;
}
#endif

#if defined(BUG_FORGETS) || defined(LATE)
static portico_reply closed;
static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  if (closed != NULL) closed("late", 4);
  return NULL;
}
static void on_close(void *state, portico_reply reply) {
  (void)state;
  closed = reply;
}
#endif

#if defined(BUG_EOF)
/* Believes that a client has always said something. */
static int *volatile nothing;
static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return NULL;
}
static void on_eof(void *state, portico_reply reply) {
  if (state == NULL) *nothing = 1;
  portico_finish(reply);
}
#endif

#if defined(BUG_STAYS)
static void on_eof(void *state, portico_reply reply) { (void)state, (void)reply; }
#endif

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .name = "faulty",
    .flags = 0
#if defined(BUG_INLINE) || defined(INLINE)
             | PORTICO_INLINE
#endif
#if defined(BUG_FORGETS)
             | PORTICO_FORGETS
#endif
#if defined(COUPLED) || defined(BUG_CONTRADICTS)
             | PORTICO_COUPLED
#endif
#if defined(BUG_CONTRADICTS)
             | PORTICO_SHARDED
#endif
    ,
#if defined(BUG_FRAME)
    .max_frame = 8,
#endif
#if defined(BUG_HOARD)
    .on_load = on_load,
    .on_open = on_open,
    .on_close = on_close,
#endif
#if defined(BUG_FORGETS) || defined(LATE)
    .on_open = on_open,
    .on_close = on_close,
#endif
#if defined(BUG_EOF)
    .on_open = on_open,
    .on_eof = on_eof,
#endif
#if defined(BUG_STAYS)
    .on_eof = on_eof,
#endif
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
