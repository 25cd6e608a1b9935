/*
 * What a request costs with nothing in between: a plain epoll server, without plugin, limits or
 * timeouts. Portico's figures are given as multiples of this one's.
 *
 *     epoll_limit PORT          11 bytes for each 64 received; connections stay open
 *     epoll_limit PORT close    receives once, sends 11 bytes, closes
 *
 * One receive and one send for each wake-up, level-triggered, as most people would write it. The
 * second form uses what Portico may use too: TCP_DEFER_ACCEPT spares a wake-up before the data is
 * there, MSG_MORE lets the answer and the end of the stream leave as one segment.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { request_size = 64, reply_size = 11, most_events = 256, most_descriptors = 65536 };

static char input[65536];
static char answers[sizeof input / request_size * reply_size + reply_size];
static unsigned char partial[most_descriptors]; /* bytes of an unfinished request, by descriptor */

static int fail(const char *what) {
  fprintf(stderr, "epoll_limit: %s: %s\n", what, strerror(errno));
  return 1;
}

static int listen_on(int port, bool closes) {
  const int one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted sockets inherit it */
  if (closes) setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  return listen(fd, 4096) == 0 ? fd : -1;
}

static void watch(int poller, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

/* Returns false when there is nothing to thank for yet. */
static bool thank_and_close(int fd) {
  ssize_t n = recv(fd, input, sizeof input, 0);
  if (n < 0 && errno == EAGAIN) return false;
  if (n >= 0) (void)!send(fd, answers, reply_size, MSG_MORE | MSG_NOSIGNAL);
  close(fd);
  return true;
}

static void answer(int fd) {
  ssize_t n = recv(fd, input, sizeof input, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    close(fd);
    return;
  }
  size_t bytes = partial[fd] + (size_t)n;
  partial[fd] = bytes % request_size;
  size_t length = bytes / request_size * reply_size;
  /* A client that does not read is dropped: queueing is what this program is measured without. */
  if (length > 0 && send(fd, answers, length, MSG_NOSIGNAL) != (ssize_t)length) close(fd);
}

static void accept_all(int listener, int poller, bool closes) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (fd >= most_descriptors) {
      close(fd);
      continue;
    }
    partial[fd] = 0;
    if (!closes || !thank_and_close(fd)) watch(poller, fd);
  }
}

int main(int count, char **arguments) {
  const bool closes = count > 2 && strcmp(arguments[2], "close") == 0;
  if (count < 2) return fprintf(stderr, "usage: epoll_limit PORT [close]\n"), 64;
  for (size_t i = 0; i + reply_size <= sizeof answers; i += reply_size)
    memcpy(answers + i, "thank you !", reply_size);
  int listener = listen_on(atoi(arguments[1]), closes);
  if (listener < 0) return fail("listen");
  int poller = epoll_create1(EPOLL_CLOEXEC);
  watch(poller, listener);
  for (;;) {
    struct epoll_event events[most_events];
    int n = epoll_wait(poller, events, most_events, -1);
    if (n < 0 && errno != EINTR) return fail("epoll_wait");
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(listener, poller, closes);
      else if (closes) thank_and_close(fd);
      else answer(fd);
    }
  }
}
