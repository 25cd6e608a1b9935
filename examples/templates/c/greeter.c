/*
 * greeter: says hello to whoever is named on a line, and goodbye at an empty line.
 */
#include <portico.h>
#include <portico_frame.h>

#define LONGEST_LINE 1024

/* All bytes that were not consumed yet: half a line, one, or several. Called again at once while
 * bytes remain, and when more have come after a 0. */
ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  portico_frame line = portico_frame_line(buffer, len, LONGEST_LINE);
  if (line.total <= 0) return line.total; /* 0: needs more; negative: the line is too long */
  if (line.length == 0) {
    reply("goodbye\n", 8);
    portico_finish(reply);
  } else {
    reply("hello ", 6);
    reply(line.payload, line.length);
    reply("\n", 1);
  }
  return line.total;
}

/* Optional: a name, and promises that let the host do more. */
static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE | PORTICO_SHARDED,
    .name = "greeter",
    .version = "0.1",
    .description = "says hello to whoever is named on a line",
    .compiler = PORTICO_COMPILER,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
