/* Promise: programs that a handler starts have nothing of the worker's but what it prints to. A
 * request is a line for the shell; its output is the answer, and then the connection ends. What one
 * that its constructor started had open is the answer to "constructor". */
#include <portico.h>
#include <stdio.h>
#include <string.h>

static char listing[4096];

__attribute__((constructor)) static void construct(void) {
  FILE *program = popen("ls -l /proc/self/fd", "r");
  if (program == NULL) return;
  (void)fread(listing, 1, sizeof listing - 1, program);
  pclose(program);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  char line[1024], output[4096];
  const char *end = memchr(buffer, '\n', len);
  if (end == NULL) return 0;
  snprintf(line, sizeof line, "%.*s", (int)(end - (const char *)buffer), (const char *)buffer);
  if (strcmp(line, "constructor") == 0) {
    reply(listing, strlen(listing));
    portico_finish(reply);
    return (ptrdiff_t)len;
  }
  FILE *program = popen(line, "r");
  size_t count;
  while (program != NULL && (count = fread(output, 1, sizeof output, program)) > 0)
    reply(output, count);
  if (program != NULL) pclose(program);
  portico_finish(reply);
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .name = "shell"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
