/*
 * Step 4: framing. A stream has no messages: what a client sent in one piece may arrive in three,
 * and three in one. Here a message is a line, and is answered with its characters backwards.
 *
 *     cc -shared -fPIC -I ../../Sources/CPortico/include -o backwards.so backwards.c
 *     portico call ./backwards.so --data 'stressed\nlive\n'
 *
 * portico_frame.h finds the first line. Without a whole one its `total` is 0, and the host calls
 * again with more; with a line longer than 1024 bytes it is negative, and the client is sent away.
 */
#include <portico_frame.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  char answer[1025];
  size_t i;
  portico_frame line = portico_frame_line(buffer, len, 1024);
  if (line.total <= 0) return line.total;
  for (i = 0; i < line.length; i++) answer[i] = (char)line.payload[line.length - 1 - i];
  answer[line.length] = '\n';
  reply(answer, line.length + 1);
  return line.total; /* called again at once, if more bytes are there */
}
