/*
 * Names of Swift's functions as a person writes them. The Swift runtime has the function, and
 * declares it in no header.
 */
#ifndef CKERNEL_NAMES_H
#define CKERNEL_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern char *swift_demangle(const char *name, size_t length, char *into, size_t *capacity,
                            uint32_t flags);

/* How long the name is in words, of which at most `capacity` bytes go to *into, without a NUL; 0
 * when it is no name of Swift's. All of it is written before it is cut, however long. */
static inline size_t ck_demangle(const char *name, size_t length, char *into, size_t capacity) {
  char *words = swift_demangle(name, length, NULL, NULL, 0);
  if (!words) return 0;
  size_t count = strlen(words);
  memcpy(into, words, count < capacity ? count : capacity);
  free(words);
  return count < capacity ? count : capacity;
}

#endif
