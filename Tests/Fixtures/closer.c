/* Promise: a descriptor that is not the plugin's own, closed or replaced by it, costs whoever had
 * it, and nothing reaches another client. The first byte of a request says what to do.
 *   k         keeps this reply for "s" and "t"
 *   o         opens a file, closes it, and remembers its number: the next client gets that
 *   d         closes that number again
 *   x N       closes number N, before the answer
 *   f N       opens a file in place of number N (dup2 of /dev/null)
 *   m N M     puts number M in place of number N (dup2)
 *   s         sends "secret" to the kept reply
 *   a N       closes every number from N on
 *   w TEXT    closes every number that /proc says is an anonymous file of that kind */
#define _GNU_SOURCE
#include <portico.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static portico_reply kept;
static int remembered = -1;

static void close_kind(const char *kind, size_t length) {
  for (int fd = 3; fd < 2048; fd++) {
    char path[32], target[64] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, target, sizeof target - 1) > 0 &&
        strncmp(target, "anon_inode:[", 12) == 0 && strncmp(target + 12, kind, length) == 0)
      close(fd);
  }
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *text = buffer;
  int first = 0, second = 0;
  char answer[64];
  int count = snprintf(answer, sizeof answer, "%c", text[0]);
  sscanf(text + 1, "%d %d", &first, &second);
  switch (text[0]) {
    case 'k': kept = reply; break;
    case 'o':
      remembered = open("/dev/null", O_RDONLY);
      close(remembered);
      count = snprintf(answer, sizeof answer, "%d", remembered);
      break;
    case 'd': close(remembered); break;
    case 'x': close(first); break;
    case 'f': {
      int nothing = open("/dev/null", O_RDWR);
      dup2(nothing, first);
      close(nothing);
      break;
    }
    case 'm': dup2(second, first); break;
    case 's':
      count = snprintf(answer, sizeof answer, "%ld", (long)(kept ? kept("secret", 6) : 0));
      break;
    case 'a': closefrom(first); break;
    case 'w': close_kind(text + 2, len - 2); break;
    default: break;
  }
  reply(answer, (size_t)count);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .name = "closer"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
