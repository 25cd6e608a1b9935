/*
 * chargen (RFC 864): sends lines of characters for ever; what a client sends is thrown away. A
 * datagram is answered with one of 0 to 512 characters.
 *
 * What it teaches: backpressure. reply() never blocks: what a client has not read yet waits in the
 * host, and reply() answers how much that is. So the handler stops above the high-water mark,
 * remembers how far it got (the state that on_open made), and goes on when the host calls
 * on_writable because most of it has gone. It needs no buffer, no thread and no timer, sends as
 * fast as each client reads, and one that does not read costs --high-water and no more.
 */
#include <portico.h>
#include <stdio.h>
#include <stdlib.h>

enum { characters = 95, width = 72, line_length = width + 2, burst = 64 };

struct client {
  size_t line; /* the next to be sent, from 0 to 94 */
};

static const portico_host *host;

/* Each line begins one character after the line before it. From each of the 95 there are at least
 * `burst` more, so that many lines go out in one reply. */
static char lines[characters + burst][line_length];

static void send_lines(struct client *client, portico_reply reply) {
  int64_t waiting = 0;
  while (waiting >= 0 && waiting <= (int64_t)host->high_water) {
    waiting = reply(lines[client->line], sizeof lines[0] * burst);
    if (waiting >= 0) client->line = (client->line + burst) % characters;
  }
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const portico_info *info = host->info(reply);
  (void)buffer;
  if (info != NULL && info->transport == PORTICO_UDP)
    reply(lines[rand() % characters], (size_t)(rand() % 513));
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *offered, char *error, size_t error_size) {
  if (offered->size < sizeof *offered) { /* a host of 1.0 has no high_water */
    snprintf(error, error_size, "chargen needs a host with ABI 1.1 or later");
    return -1;
  }
  host = offered;
  for (int line = 0; line < characters + burst; line++) {
    for (int column = 0; column < width; column++)
      lines[line][column] = (char)(' ' + (line + column) % characters);
    lines[line][width] = '\r', lines[line][width + 1] = '\n';
  }
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return calloc(1, sizeof(struct client));
}

static void on_greet(void *state, portico_reply reply) {
  if (state == NULL) portico_finish(reply); /* no memory */
  else send_lines(state, reply);
}

static void on_writable(void *state, portico_reply reply) { send_lines(state, reply); }

/* The client has said its last word; without this its queue would be filled for ever. */
static void on_eof(void *state, portico_reply reply) {
  (void)state;
  portico_finish(reply);
}

static void on_close(void *state, portico_reply reply) {
  (void)reply;
  free(state);
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE | PORTICO_SHARDED,
    .name = "chargen",
    .version = "1.0",
    .description = "sends lines of characters for ever (RFC 864)",
    .compiler = PORTICO_COMPILER,
    .on_load = on_load,
    .on_open = on_open,
    .on_greet = on_greet,
    .on_eof = on_eof,
    .on_writable = on_writable,
    .on_close = on_close,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
