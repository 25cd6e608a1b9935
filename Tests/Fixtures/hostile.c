/* Promise: whatever a plugin writes where it must not harms nobody but its own worker. A request is
 * what to do and how often: "log 1000" and "control 1" send nonsense of every kind on the worker's
 * own channels, "page 1000" and "tally 1000" write over what it shares with the host; then it
 * answers "done". "close" closes the channels. Anything else is echoed. The nonsense is drawn from
 * `--set seed=N` and grows from request to request. */
#include <portico.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The worker's channels, found by what they are: the control socket comes first. */
static int control_socket = -1, log_socket = -1;

static void find_channels(void) {
  for (int fd = 3; fd < 65536 && log_socket < 0; fd++) {
    int type = 0;
    socklen_t length = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_SEQPACKET) continue;
    if (control_socket < 0) {
      control_socket = fd;
    } else {
      log_socket = fd;
    }
  }
}

static uint64_t state;
static unsigned char noise[1 << 18];

static uint64_t next(void) {
  state += 0x9E3779B97F4A7C15u;
  uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

static void send_nonsense(int fd, unsigned char lowest_kind, unsigned kinds) {
  size_t length = next() % 64;
  for (size_t i = 0; i < sizeof noise / 64; i += 8) memcpy(noise + i, &(uint64_t){next()}, 8);
  switch (next() % 8) {
    case 0: length = next() % 65536; break;
    case 1: length = 65536 + next() % (sizeof noise - 65536); break; /* more than is ever read */
    case 2: length = 0; break;
    case 3: length = 1; /* a kind and nothing else, which may even mean something */
    /* fall through */
    default: noise[0] = (unsigned char)(lowest_kind + next() % kinds);
  }
  /* A length inside a message that is far too large, or too small. */
  if (next() % 2 == 0) memset(noise + 1, next() % 2 ? 0xFF : 0, 4);
  (void)!send(fd, noise, length, MSG_NOSIGNAL | (next() % 4 ? MSG_DONTWAIT : 0));
}

static void scribble(const char *name) {
  char line[512];
  FILE *maps = fopen("/proc/self/maps", "r");
  if (maps == NULL) return;
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long begin, end;
    char access[8];
    if (strstr(line, name) == NULL) continue;
    if (sscanf(line, "%lx-%lx %7s", &begin, &end, access) != 3 || access[1] != 'w') continue;
    size_t size = end - begin > 65536 ? 65536 : end - begin;
    for (int i = 0; i < 64; i++) ((volatile unsigned char *)begin)[next() % size] = (uint8_t)next();
  }
  fclose(maps);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  char what[16] = "";
  int count = 0;
  if (sscanf(buffer, "%15s %d", what, &count) == 2) {
    for (int i = 0; i < count; i++) {
      if (strcmp(what, "log") == 0) send_nonsense(log_socket, 0, 8);
      if (strcmp(what, "control") == 0) send_nonsense(control_socket, 9, 6);
      if (strcmp(what, "page") == 0) scribble("portico page");
      if (strcmp(what, "tally") == 0) scribble("portico tally");
    }
    reply("done", 4);
  } else if (strncmp(buffer, "close", 5) == 0) {
    close(control_socket);
    close(log_socket);
    reply("done", 4);
  } else {
    reply(buffer, len);
  }
  return (ptrdiff_t)len;
}

static int32_t on_load(const portico_host *host, char *error, size_t error_size) {
  (void)error, (void)error_size;
  find_channels();
  const char *seed = host->setting("seed");
  /* Each worker has nonsense of its own. */
  state = (seed == NULL ? 1 : strtoull(seed, NULL, 10)) * 1000003u + (uint64_t)getpid();
  return 0;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "hostile", .flags = PORTICO_SHARDED, .on_load = on_load};

const portico_descriptor *portico_describe(void) { return &descriptor; }
