/*
 * What a request costs with nothing in between: a plain epoll server, without plugin, limits or
 * timeouts. Portico's figures are given as multiples of this one's, or of the io_uring one's.
 *
 *     server close PORT     receives once, sends 11 bytes, closes
 *     server safe PORT      the same, and closes only when the client has ended: never a reset
 *     server keep PORT      11 bytes for each 64 received; connections stay open
 *     server big PORT       1 MiB for each 64 received
 *     server udp PORT       11 bytes for each datagram
 *
 * One receive and one send for each wake-up, level-triggered. It uses what Portico may use too:
 * TCP_DEFER_ACCEPT spares a wake-up before the data is there, MSG_MORE lets the answer and the end
 * of the stream leave as one segment, datagrams are taken and sent in batches.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  request_size = 64, thanks_size = 11, big_size = 1 << 20, most_events = 256,
  most_descriptors = 65536, batch = 64, most_datagram = 2048, backlog = 4096, linger_ms = 2
};

static char input[65536];
static char thanks[sizeof input / request_size * thanks_size + thanks_size];
static char big[big_size];

static struct {
  unsigned char partial; /* bytes of an unfinished request */
  bool waits;            /* for room to send in */
  size_t owed;           /* bytes of replies not sent yet; with big replies only */
} connections[most_descriptors];

static enum { closes, lingers, keeps, sends_much, datagrams } work;
static int poller;

static int fail(const char *what) {
  fprintf(stderr, "c-epoll: %s: %s\n", what, strerror(errno));
  return 1;
}

static int bind_to(int port, int type) {
  const int one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (type == SOCK_STREAM) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* Accepted sockets inherit it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (work <= lingers) setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof one);
  }
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  return type != SOCK_STREAM || listen(fd, backlog) == 0 ? fd : -1;
}

static void watch(int fd, int change, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  epoll_ctl(poller, change, fd, &event);
}

/* Clients that have been sent the end, in order, with the time to look for theirs. */
static struct {
  int fd;
  long due_ms;
} lingering[most_descriptors];
static unsigned first_lingering, end_of_lingering;

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void linger(int fd, long now) {
  lingering[end_of_lingering].fd = fd;
  lingering[end_of_lingering].due_ms = now + linger_ms;
  end_of_lingering = (end_of_lingering + 1) % most_descriptors;
}

static void end_lingering(long now) {
  while (first_lingering != end_of_lingering && lingering[first_lingering].due_ms <= now) {
    int fd = lingering[first_lingering].fd;
    first_lingering = (first_lingering + 1) % most_descriptors;
    ssize_t n = recv(fd, input, sizeof input, 0);
    if (n > 0 || (n < 0 && errno == EAGAIN)) linger(fd, now);
    else close(fd);
  }
}

/* Returns false when there is nothing to thank for yet. */
static bool thank_and_close(int fd, bool is_watched) {
  ssize_t n = recv(fd, input, sizeof input, 0);
  if (n < 0 && errno == EAGAIN) return false;
  if (n >= 0) (void)!send(fd, thanks, thanks_size, MSG_MORE | MSG_NOSIGNAL);
  if (n > 0 && work == lingers) {
    if (is_watched) epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL);
    shutdown(fd, SHUT_WR);
    linger(fd, now_ms());
  } else {
    close(fd);
  }
  return true;
}

/* Sends of what is owed as much as the kernel takes, and waits for room for the rest. */
static void pay(int fd) {
  while (connections[fd].owed > 0) {
    size_t piece = connections[fd].owed < big_size ? connections[fd].owed : big_size;
    ssize_t n = send(fd, big, piece, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
      close(fd);
      return;
    }
    if (n < 0) break;
    connections[fd].owed -= (size_t)n;
  }
  bool waits = connections[fd].owed > 0;
  if (waits != connections[fd].waits) watch(fd, EPOLL_CTL_MOD, waits ? EPOLLOUT : EPOLLIN);
  connections[fd].waits = waits;
}

static void answer(int fd) {
  if (connections[fd].waits) {
    pay(fd);
    return;
  }
  ssize_t n = recv(fd, input, sizeof input, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    close(fd);
    return;
  }
  size_t bytes = connections[fd].partial + (size_t)n;
  connections[fd].partial = bytes % request_size;
  size_t requests = bytes / request_size;
  if (work == sends_much) {
    connections[fd].owed += requests * big_size;
    pay(fd);
    return;
  }
  size_t length = requests * thanks_size;
  /* A client that does not read is dropped: queueing is what this program is measured without. */
  if (length > 0 && send(fd, thanks, length, MSG_NOSIGNAL) != (ssize_t)length) close(fd);
}

/* accept4 on an empty queue makes a socket and a file before it looks: poll is asked first. */
static void accept_all(int listener) {
  struct pollfd queue = {.fd = listener, .events = POLLIN};
  do {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= most_descriptors) close(fd);
    if (fd < 0 || fd >= most_descriptors) return;
    memset(&connections[fd], 0, sizeof connections[fd]);
    if (work > lingers || !thank_and_close(fd, false)) watch(fd, EPOLL_CTL_ADD, EPOLLIN);
  } while (poll(&queue, 1, 0) == 1);
}

static void thank_all(int fd) {
  static char bytes[batch][most_datagram];
  static struct sockaddr_storage peers[batch];
  static struct iovec received[batch], sent[batch];
  static struct mmsghdr messages[batch];
  for (int i = 0; i < batch; i++) {
    received[i] = (struct iovec){bytes[i], most_datagram};
    sent[i] = (struct iovec){thanks, thanks_size};
    messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_namelen = sizeof peers[i],
                                          .msg_iov = &received[i], .msg_iovlen = 1};
  }
  int count = recvmmsg(fd, messages, batch, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) messages[i].msg_hdr.msg_iov = &sent[i];
  for (int done = 0; done < count;) {
    int n = sendmmsg(fd, messages + done, (unsigned)(count - done), 0);
    done += n > 0 ? n : 1; /* One that cannot be sent is lost, as datagrams may be. */
  }
}

static void serve(int listener) {
  struct epoll_event events[most_events];
  int timeout_ms = first_lingering == end_of_lingering ? -1 : linger_ms;
  int n = epoll_wait(poller, events, most_events, timeout_ms);
  if (n < 0 && errno != EINTR) exit(fail("epoll_wait"));
  for (int i = 0; i < n; i++) {
    int fd = events[i].data.fd;
    if (work == datagrams) thank_all(fd);
    else if (fd == listener) accept_all(listener);
    else if (work <= lingers) thank_and_close(fd, true);
    else answer(fd);
  }
  if (work == lingers) end_lingering(now_ms());
}

int main(int count, char **arguments) {
  enum { works = 5 };
  static const char *const names[works] = {"close", "safe", "keep", "big", "udp"};
  size_t chosen = 0;
  if (count == 3)
    while (chosen < works && strcmp(arguments[1], names[chosen]) != 0) chosen++;
  if (count != 3 || chosen == works)
    return fprintf(stderr, "usage: server close|safe|keep|big|udp PORT\n"), 64;
  work = (int)chosen;
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
  for (size_t i = 0; i + thanks_size <= sizeof thanks; i += thanks_size)
    memcpy(thanks + i, "thank you !", thanks_size);
  memset(big, 'x', sizeof big);
  int listener = bind_to(atoi(arguments[2]), work == datagrams ? SOCK_DGRAM : SOCK_STREAM);
  if (listener < 0) return fail("bind");
  poller = epoll_create1(EPOLL_CLOEXEC);
  watch(listener, EPOLL_CTL_ADD, EPOLLIN);
  for (;;) serve(listener);
}
