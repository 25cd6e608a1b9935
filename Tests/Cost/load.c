/*
 * Puts load on a server on loopback and checks every byte of every reply.
 *
 *     load close PORT CONNECTIONS REQUESTS    connect, send 5 bytes, read to the end, close
 *     load keep  PORT CONNECTIONS REQUESTS    64-byte requests, 11-byte replies, one in flight each
 *
 * CONNECTIONS at a time. Prints "requests N errors N seconds S"; exit status 1 if any reply was
 * wrong, or if five seconds pass without one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { reply_size = 11, most_events = 256, most_descriptors = 65536, patience_ms = 5000 };

static const char expected[reply_size] = {'t', 'h', 'a', 'n', 'k', ' ', 'y', 'o', 'u', ' ', '!'};
static const char request[64] = "sixty-four bytes of request, of which the server looks at none";

static bool closes;
static int poller;
static struct sockaddr_in server = {.sin_family = AF_INET};
static long wanted, started, done, errors, alive;

static struct {
  bool sent;
  unsigned char received; /* bytes of the current reply; never more than its size */
} connections[most_descriptors];

static void send_request(int fd) {
  size_t length = closes ? 5 : sizeof request;
  connections[fd].sent = true;
  connections[fd].received = 0;
  /* A fresh socket's buffer has room for a request, so that a short send is a broken one; the
   * receive that follows finds out. */
  (void)!send(fd, request, length, MSG_NOSIGNAL);
}

static void open_one(void) {
  const int one = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || fd >= most_descriptors) {
    perror("load: socket");
    exit(1);
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  started++;
  if (connect(fd, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS) {
    errors++;
    close(fd);
    return;
  }
  alive++;
  connections[fd].sent = false;
  struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static void end(int fd, bool right) {
  close(fd);
  alive--;
  if (right) done++;
  else errors++;
}

static void step(int fd) {
  if (!connections[fd].sent) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
    send_request(fd);
    return;
  }
  char bytes[256];
  ssize_t n = recv(fd, bytes, sizeof bytes, 0);
  if (n < 0 && errno == EAGAIN) return;
  size_t before = connections[fd].received;
  if (n <= 0) {
    end(fd, n == 0 && closes && before == reply_size);
    return;
  }
  if ((size_t)n > reply_size - before || memcmp(bytes, expected + before, (size_t)n) != 0) {
    end(fd, false);
    return;
  }
  connections[fd].received = (unsigned char)(before + (size_t)n);
  if (closes || connections[fd].received < reply_size) return;
  if (started < wanted) {
    started++;
    done++;
    send_request(fd);
  } else {
    end(fd, true);
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
  if (count != 5) return fprintf(stderr, "usage: load close|keep PORT CONNECTIONS REQUESTS\n"), 64;
  closes = strcmp(arguments[1], "close") == 0;
  server.sin_port = htons((uint16_t)atoi(arguments[2]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const long at_once = atol(arguments[3]);
  wanted = atol(arguments[4]);
  poller = epoll_create1(EPOLL_CLOEXEC);
  double start = now();
  while (done + errors < wanted) {
    while (alive < at_once && started < wanted) open_one();
    struct epoll_event events[most_events];
    int n = epoll_wait(poller, events, most_events, patience_ms);
    if (n == 0) {
      errors += wanted - done - errors;
      fprintf(stderr, "load: no reply for five seconds\n");
    }
    for (int i = 0; i < n; i++) step(events[i].data.fd);
  }
  printf("requests %ld errors %ld seconds %.3f\n", done, errors, now() - start);
  return errors > 0;
}
