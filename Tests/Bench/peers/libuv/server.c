/*
 * The work of the bench on libuv, as its users write a server: one loop, one static receive buffer,
 * a write tried at once and queued only where the kernel takes no more.
 *
 *     server close|keep|big|udp PORT
 *
 * A reply that has to be queued points at static bytes, so that nothing is copied for it.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { request_size = 64, thanks_size = 11, big_size = 1 << 20, backlog = 4096 };

static char input[65536];
static char thanks[sizeof input / request_size * thanks_size + thanks_size];
static char big[big_size];
static enum { closes, keeps, sends_much, datagrams } work;

struct connection {
  uv_tcp_t stream;
  size_t partial; /* bytes of an unfinished request */
};

static void check(int status, const char *what) {
  if (status >= 0) return;
  fprintf(stderr, "libuv: %s: %s\n", what, uv_strerror(status));
  exit(1);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle, (void)suggested;
  *buffer = uv_buf_init(input, sizeof input);
}

static void release(uv_handle_t *handle) { free(handle->data); }

static void end(uv_stream_t *stream) {
  if (!uv_is_closing((uv_handle_t *)stream)) uv_close((uv_handle_t *)stream, release);
}

static void wrote(uv_write_t *request, int status) {
  if (status < 0) end(request->handle);
  free(request);
}

static void send_all(uv_stream_t *stream, char *bytes, size_t length) {
  uv_buf_t buffer = uv_buf_init(bytes, (unsigned)length);
  int n = uv_try_write(stream, &buffer, 1);
  if (n == (int)length) return;
  if (n < 0 && n != UV_EAGAIN) {
    end(stream);
    return;
  }
  if (n > 0) buffer = uv_buf_init(bytes + n, (unsigned)(length - (size_t)n));
  uv_write_t *request = malloc(sizeof *request);
  check(uv_write(request, stream, &buffer, 1, wrote), "write");
}

static void received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
  struct connection *connection = stream->data;
  (void)buffer;
  if (n == 0) return; /* libuv's word for EAGAIN */
  if (work == closes && (n > 0 || n == UV_EOF)) send_all(stream, thanks, thanks_size);
  if (work == closes || n < 0) {
    end(stream);
    return;
  }
  size_t bytes = connection->partial + (size_t)n;
  connection->partial = bytes % request_size;
  size_t requests = bytes / request_size;
  if (work == sends_much)
    while (requests-- > 0) send_all(stream, big, big_size);
  else if (requests > 0)
    send_all(stream, thanks, requests * thanks_size);
}

static void accept_one(uv_stream_t *listener, int status) {
  if (status < 0) return;
  struct connection *connection = calloc(1, sizeof *connection);
  uv_tcp_init(listener->loop, &connection->stream);
  connection->stream.data = connection;
  uv_stream_t *stream = (uv_stream_t *)&connection->stream;
  if (uv_accept(listener, stream) != 0) {
    end(stream);
    return;
  }
  uv_tcp_nodelay(&connection->stream, 1);
  uv_read_start(stream, give_buffer, received);
}

static void sent(uv_udp_send_t *request, int status) {
  (void)status;
  free(request);
}

static void arrived(uv_udp_t *socket, ssize_t n, const uv_buf_t *buffer,
                    const struct sockaddr *peer, unsigned flags) {
  (void)buffer, (void)flags;
  if (n < 0 || !peer) return; /* No peer: there was nothing to read. */
  uv_buf_t reply = uv_buf_init(thanks, thanks_size);
  if (uv_udp_try_send(socket, &reply, 1, peer) != UV_EAGAIN) return;
  uv_udp_send_t *request = malloc(sizeof *request);
  if (uv_udp_send(request, socket, &reply, 1, peer, sent) != 0) free(request);
}

int main(int count, char **arguments) {
  static const char *const names[] = {"close", "keep", "big", "udp"};
  size_t chosen = 0;
  if (count == 3)
    while (chosen < 4 && strcmp(arguments[1], names[chosen]) != 0) chosen++;
  if (count != 3 || chosen == 4)
    return fprintf(stderr, "usage: server close|keep|big|udp PORT\n"), 64;
  work = (int)chosen;
  for (size_t i = 0; i + thanks_size <= sizeof thanks; i += thanks_size)
    memcpy(thanks + i, "thank you !", thanks_size);
  memset(big, 'x', sizeof big);
  uv_loop_t *loop = uv_default_loop();
  struct sockaddr_in address;
  uv_ip4_addr("127.0.0.1", atoi(arguments[2]), &address);
  uv_tcp_t listener;
  uv_udp_t socket;
  if (work == datagrams) {
    check(uv_udp_init(loop, &socket), "udp");
    check(uv_udp_bind(&socket, (struct sockaddr *)&address, 0), "bind");
    check(uv_udp_recv_start(&socket, give_buffer, arrived), "receive");
  } else {
    check(uv_tcp_init(loop, &listener), "tcp");
    check(uv_tcp_bind(&listener, (struct sockaddr *)&address, 0), "bind");
    check(uv_listen((uv_stream_t *)&listener, backlog, accept_one), "listen");
  }
  return uv_run(loop, UV_RUN_DEFAULT);
}
