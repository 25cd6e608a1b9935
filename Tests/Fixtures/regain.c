/* Promise: with --user no handler runs as root, and none can become it again: not in on_load, not
 * in handle. "load: uid U gid G regained R opened O" and the same for handle. R counts the ways
 * back that were open; O tells whether the file of --set file=PATH could be read. */
#define _GNU_SOURCE
#include <portico.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char at_load[128];
static const char *file;

static void attempt(const char *when, char *text, size_t size) {
  int regained = 0;
  regained += setuid(0) == 0;
  regained += seteuid(0) == 0;
  regained += setresuid(0, 0, 0) == 0;
  regained += setgid(0) == 0;
  regained += setresgid(0, 0, 0) == 0;
  regained += setgroups(0, NULL) == 0;
  /* Not the whole process but this thread alone, which the functions above would not try. */
  regained += syscall(SYS_setresuid, 0, 0, 0) == 0;
  int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  snprintf(text, size, "%s: uid %d gid %d regained %d opened %d\n", when, (int)geteuid(),
           (int)getegid(), regained, fd >= 0);
  if (fd >= 0) close(fd);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  char now[128];
  (void)buffer;
  attempt("handle", now, sizeof now);
  reply(at_load, strlen(at_load));
  reply(now, strlen(now));
  portico_finish(reply);
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)error, (void)error_size;
  file = host->setting("file");
  attempt("load", at_load, sizeof at_load);
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "regain", .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
