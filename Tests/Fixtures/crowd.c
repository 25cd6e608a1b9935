/*
 * A program, not a plugin: a crowd of clients of an echo server, all at once.
 *
 *     crowd ADDRESS PORT SECONDS ACTIVE DEAF DRIPPING RESETTING IDLE
 *
 * Each connects, has 8 bytes echoed and then plays its part: ACTIVE ones send 64 bytes as soon as
 * the last 64 have come back, DEAF ones send as much as they can and never read, DRIPPING ones
 * send a byte each second, RESETTING ones reset at a random moment, IDLE ones do nothing. After
 * SECONDS it prints what it saw as "word number" pairs and keeps what is open until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum part { active, deaf, dripping, resetting, idle, part_count };
enum { greeting = 8, request = 64, most_samples = 4 << 20 };

struct client {
  int fd;
  enum part part;
  int awaited; /* bytes of the answer that have not come yet */
  int64_t due; /* ACTIVE: when its request left; DRIPPING, RESETTING: when it is to act next */
};

static int poller, client_count, is_over;
static struct client *clients;
static uint32_t *samples_us;
static long sample_count, connected, wrong, ended, drips, dripped_back, resets, deaf_bytes;
static char bytes[1 << 16];

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void leave(struct client *client) {
  close(client->fd);
  client->fd = -1;
}

/* A client that the server ends, or that cannot go on. */
static void lose(struct client *client) {
  ended++;
  leave(client);
}

static void watch(struct client *client, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = client};
  epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
}

static void ask(struct client *client, int64_t now) {
  client->awaited = request;
  client->due = now;
  if (send(client->fd, bytes, request, MSG_NOSIGNAL) != request) lose(client);
}

/* The greeting has come back: now the client is what it is. */
static void begin(struct client *client, int64_t now, int64_t end) {
  connected++;
  switch (client->part) {
    case active: ask(client, now); break;
    case deaf: watch(client, EPOLLOUT); break;
    case dripping: client->due = now + rand() % 1000000; break;
    case resetting: client->due = now + rand() % (end > now ? end - now : 1); break;
    default: break;
  }
}

static void pour(struct client *client) {
  ssize_t sent;
  while ((sent = send(client->fd, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
    deaf_bytes += sent;
  if (sent < 0 && errno != EAGAIN) lose(client);
}

static void receive(struct client *client, int64_t end, int *greeted) {
  char room[4096];
  ssize_t count = recv(client->fd, room, sizeof room, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return lose(client);
  for (ssize_t i = 0; i < count; i++) wrong += room[i] != 'x';
  int64_t now = now_us();
  if (client->due == 0) {
    client->awaited -= (int)count;
    if (client->awaited > 0) return;
    client->due = -1;
    ++*greeted;
    begin(client, now, end);
  } else if (client->part == active) {
    client->awaited -= (int)count;
    if (client->awaited > 0) return;
    if (sample_count < most_samples) samples_us[sample_count++] = (uint32_t)(now - client->due);
    if (!is_over) ask(client, now);
  } else if (client->part == dripping) {
    dripped_back += count;
  }
}

/* What is due by the clock. */
static void act(int64_t now) {
  for (int i = 0; i < client_count; i++) {
    struct client *client = &clients[i];
    if (client->fd < 0 || client->due <= 0 || client->due > now) continue;
    if (client->part == dripping) {
      client->due += 1000000;
      if (send(client->fd, bytes, 1, MSG_NOSIGNAL) == 1) drips++;
      else lose(client);
    } else if (client->part == resetting) {
      struct linger at_once = {1, 0};
      setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      leave(client);
      resets++;
    }
  }
}

static int meet(struct client *client, struct sockaddr_in *server, int number) {
  int on = 1, little = 4096;
  /* An address for every thousand or so: one has 28,000 ports, which others want too. */
  struct sockaddr_in here = {.sin_family = AF_INET};
  here.sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(number % 10));
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client->fd < 0) return perror("socket"), 0;
  setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  /* The kernel would hold megabytes for each of them. */
  if (client->part == deaf) {
    setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  }
  if (bind(client->fd, (struct sockaddr *)&here, sizeof here) != 0) return perror("bind"), 0;
  if (connect(client->fd, (struct sockaddr *)server, sizeof *server) != 0)
    return perror("connect"), 0;
  client->awaited = greeting;
  if (send(client->fd, bytes, greeting, MSG_NOSIGNAL) != greeting) return perror("send"), 0;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  return epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event) == 0;
}

/* Serves what is ready; waits for 5 ms at most. */
static void turn(int64_t end, int *greeted) {
  struct epoll_event events[256];
  int count = epoll_wait(poller, events, 256, 5);
  for (int i = 0; i < count; i++) {
    struct client *client = events[i].data.ptr;
    if (client->fd < 0) continue;
    if (client->part == deaf && client->due != 0) pour(client);
    else receive(client, end, greeted);
  }
}

static int by_size(const void *one, const void *other) {
  uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
  return (a > b) - (a < b);
}

static uint32_t percentile(double part) {
  return sample_count == 0 ? 0 : samples_us[(long)((double)(sample_count - 1) * part)];
}

int main(int argc, char **argv) {
  if (argc != 4 + part_count) return 64;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) return 64;
  int64_t length = atoi(argv[3]) * INT64_C(1000000);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (int i = 0; i < part_count; i++) client_count += atoi(argv[4 + i]);
  clients = calloc((size_t)client_count, sizeof *clients);
  samples_us = malloc(most_samples * sizeof *samples_us);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (clients == NULL || samples_us == NULL || poller < 0) return 1;
  memset(bytes, 'x', sizeof bytes);

  int greeted = 0;
  int64_t start = now_us(), end = start + length + 60 * INT64_C(1000000);
  for (int i = 0, part = 0, left = atoi(argv[4]); i < client_count; i++) {
    while (left == 0) left = atoi(argv[4 + ++part]);
    left--;
    clients[i].part = (enum part)part;
    if (!meet(&clients[i], &server, i)) return 1;
    /* No more than a few hundred wait to be accepted. */
    while (greeted + (int)ended < i - 400 && now_us() < end) turn(end, &greeted);
  }
  while (greeted + (int)ended < client_count && now_us() < end) turn(end, &greeted);
  int64_t all_there = now_us();
  /* From here on all are connected; what was measured before does not count. */
  sample_count = 0;
  end = all_there + length;
  for (int i = 0; i < client_count; i++)
    if (clients[i].part == resetting) clients[i].due = all_there + rand() % length;
  while (now_us() < end) {
    turn(end, &greeted);
    act(now_us());
  }
  /* What is under way comes back, and no more is asked. */
  is_over = 1;
  while (now_us() < end + 500000) turn(end, &greeted);
  qsort(samples_us, (size_t)sample_count, sizeof *samples_us, by_size);
  printf("connected %ld in_ms %ld ended %ld wrong %ld requests %ld p50_us %u p99_us %u max_us %u "
         "drips %ld dripped_back %ld resets %ld deaf_bytes %ld\n",
         connected, (long)((all_there - start) / 1000), ended, wrong, sample_count,
         percentile(0.5), percentile(0.99), percentile(1), drips, dripped_back, resets, deaf_bytes);
  fflush(stdout);
  for (;;) pause();
}
