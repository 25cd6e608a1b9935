/* Promise: programs that a handler starts have nothing of the worker's but what it prints to. A
 * request is a line for the shell; its output is the answer, and then the connection ends. */
#include <portico.h>
#include <stdio.h>
#include <string.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  char line[1024], output[4096];
  const char *end = memchr(buffer, '\n', len);
  if (end == NULL) return 0;
  snprintf(line, sizeof line, "%.*s", (int)(end - (const char *)buffer), (const char *)buffer);
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
