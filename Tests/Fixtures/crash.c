/* Promise: however a handler dies, the host goes on, and the log names signal, handler and client.
 * Each way is asked for by the first bytes; anything else is echoed. */
#include <portico.h>
#include <stdlib.h>
#include <string.h>

/* volatile: the compiler must neither foresee the crash nor turn the recursion into a loop. */
static int *volatile nowhere;
static volatile int deepest = -1;

static int descend(int depth) {
  volatile char frame[4096];
  frame[depth & 4095] = (char)depth;
  if (depth == deepest) return depth;
  return descend(depth + 1) + frame[depth & 4095];
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  /* buffer[len] is NUL, so comparing as text ends in time. */
  if (strncmp(buffer, "crash", 5) == 0) *nowhere = 1;
  if (strncmp(buffer, "abort", 5) == 0) abort();
  if (strncmp(buffer, "trap", 4) == 0) __builtin_trap();
#if defined(__x86_64__)
  if (strncmp(buffer, "break", 5) == 0) __asm__ volatile("int3");
  if (strncmp(buffer, "wild", 4) == 0) *(volatile int *)0xdead000000000000 = 1;
#endif
  if (strncmp(buffer, "exit", 4) == 0) exit(3);
  if (strncmp(buffer, "lost", 4) == 0) reply((const void *)16, (size_t)1 << 20);
  if (strncmp(buffer, "overflow", 8) == 0) deepest = descend(0);
  reply(buffer, len);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .name = "crash"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
