/*
 * Step 5: TCP and UDP from one handler. A question is a line over TCP and a datagram over UDP; the
 * answer is the question in capitals.
 *
 *     cc -shared -fPIC -I ../../Sources/CPortico/include -o shout.so shout.c
 *     portico call ./shout.so --data 'hello\n'
 *     portico call ./shout.so --udp --data 'hello'
 *     portico --plugin ./shout.so --listen tcp://127.0.0.1:7788 --listen udp://127.0.0.1:7788
 *
 * A datagram comes whole, handle is called once for it, and one reply is one datagram back. It has
 * no connection, hence no state: that is how the two are told apart, for nothing. (host->info says
 * it too, with all addresses, and costs a system call.)
 */
#include <ctype.h>
#include <portico_frame.h>

static const portico_host *host;
static char stream; /* its address is the state of every connection */

static int32_t on_load(const portico_host *table, char *error, size_t error_size) {
  (void)error, (void)error_size;
  host = table;
  return 0;
}

static void *on_open(const portico_info *info, portico_reply reply) {
  (void)info, (void)reply;
  return &stream;
}

static void shout(const unsigned char *question, size_t length, const char *end,
                  portico_reply reply) {
  char answer[1024];
  size_t i;
  for (i = 0; i < length && i < sizeof answer - 1; i++) answer[i] = (char)toupper(question[i]);
  if (end[0] != '\0') answer[i++] = end[0];
  reply(answer, i);
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  portico_frame line;
  if (host->state(reply) == NULL) {
    shout(buffer, len, "", reply);
    return (ptrdiff_t)len;
  }
  line = portico_frame_line(buffer, len, 1024);
  if (line.total > 0) shout(line.payload, line.length, "\n", reply);
  return line.total;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD,
    .flags = PORTICO_INLINE | PORTICO_SHARDED,
    .name = "shout",
    .description = "answers a line or a datagram in capitals",
    .compiler = PORTICO_COMPILER,
    .on_load = on_load,
    .on_open = on_open,
};

const portico_descriptor *portico_describe(void) { return &descriptor; }
