/*
 * Step 1: a whole plugin is five lines of C. It sends back what it gets.
 *
 *     cc -shared -fPIC -I ../../Sources/CPortico/include -o five.so five.c
 *     portico call ./five.so --data 'hello\n'                  the answer, without a server
 *     portico --plugin ./five.so --listen tcp://127.0.0.1:7788     serve it
 *     portico test ./five.so --transcript five.txt             prove it
 *
 * (Where Portico is installed, `cc $(pkg-config --cflags portico)` finds the header. `make` in the
 * folder above builds all steps.) The return value is how many bytes were consumed: all of them.
 */
#include <portico.h>
ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  reply(buffer, len);
  return (ptrdiff_t)len;
}
