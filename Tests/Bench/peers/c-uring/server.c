/*
 * The other limit: the same work as c-epoll/server.c, by a plain io_uring loop.
 *
 *     server close|keep|big|udp PORT
 *
 * Multishot accept into direct descriptors, multishot receive into a ring of provided buffers, one
 * submit-and-wait a turn, completions deferred to that call. What must succeed posts no completion.
 * A connection of the first kind is one chain: receive, send with MSG_MORE, close.
 *
 * Tried, and within the spread of the rounds on a busy machine: plain send(2) for replies; system
 * calls for all that follows the accept; a receive of its own before send and close; more and
 * larger provided buffers, which only take memory.
 *
 * It needs kernel 6.1 or newer, and says so where io_uring is forbidden.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  request_size = 64, thanks_size = 11, big_size = 1 << 20, most_connections = 16384,
  buffer_size = 1024, buffer_count = 512, buffer_group = 0, entries = 8192, batch = 64,
  backlog = 4096
};
enum kind { accepted, received, sent, chained, arrived };

static char discarded[65536];
static char thanks[buffer_size / request_size * thanks_size + thanks_size];
static char big[big_size];
static char *buffers;
static unsigned char partial[most_connections]; /* bytes of an unfinished request */

static enum { closes, keeps, sends_much, datagrams } work;
static struct io_uring ring;
static struct io_uring_buf_ring *provided;
static struct msghdr template = {.msg_namelen = sizeof(struct sockaddr_in)};

static int fail(const char *what, int error) {
  fprintf(stderr, "c-uring: %s: %s\n", what, strerror(error));
  return 1;
}

static int bind_to(int port, int type) {
  const int one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (type == SOCK_STREAM) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* Accepted sockets inherit it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (work == closes) setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof one);
  }
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  return type != SOCK_STREAM || listen(fd, backlog) == 0 ? fd : -1;
}

static struct io_uring_sqe *next(void) {
  struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
  if (entry) return entry;
  io_uring_submit(&ring);
  return io_uring_get_sqe(&ring);
}

/* After the preparing functions, since those clear user data. */
static void mark(struct io_uring_sqe *entry, enum kind kind, int slot) {
  entry->user_data = (uint64_t)kind << 32 | (uint32_t)slot;
}

static void accept_more(int listener) {
  struct io_uring_sqe *entry = next();
  io_uring_prep_multishot_accept_direct(entry, listener, NULL, NULL, 0);
  mark(entry, accepted, listener);
}

static void receive_more(int slot) {
  struct io_uring_sqe *entry = next();
  io_uring_prep_recv_multishot(entry, slot, NULL, 0, 0);
  entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  entry->buf_group = buffer_group;
  mark(entry, received, slot);
}

static void receive_datagrams(int fd) {
  struct io_uring_sqe *entry = next();
  io_uring_prep_recvmsg_multishot(entry, fd, &template, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = buffer_group;
  mark(entry, arrived, fd);
}

static void close_slot(int slot) {
  struct io_uring_sqe *entry = next();
  io_uring_prep_close_direct(entry, (unsigned)slot);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  mark(entry, chained, slot);
}

/* Receive, send, close, each when the one before has ended, however it did. */
static void thank_and_close(int slot) {
  const unsigned flags = IOSQE_FIXED_FILE | IOSQE_IO_HARDLINK | IOSQE_CQE_SKIP_SUCCESS;
  struct io_uring_sqe *entry;
  if (io_uring_sq_space_left(&ring) < 3) io_uring_submit(&ring); /* A chain is never cut. */
  entry = next();
  io_uring_prep_recv(entry, slot, discarded, sizeof discarded, 0);
  entry->flags |= flags;
  mark(entry, chained, slot);
  entry = next();
  io_uring_prep_send(entry, slot, thanks, thanks_size, MSG_MORE | MSG_NOSIGNAL);
  entry->flags |= flags;
  mark(entry, chained, slot);
  close_slot(slot);
}

static void send_all(int slot, const char *bytes, size_t length) {
  struct io_uring_sqe *entry = next();
  io_uring_prep_send(entry, slot, bytes, length, MSG_NOSIGNAL | MSG_WAITALL);
  entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
  mark(entry, sent, slot);
}

static void give_back(struct io_uring_cqe *completion) {
  int buffer = (int)(completion->flags >> IORING_CQE_BUFFER_SHIFT);
  io_uring_buf_ring_add(provided, buffers + (size_t)buffer * buffer_size, buffer_size,
                        (unsigned short)buffer, io_uring_buf_ring_mask(buffer_count), 0);
  io_uring_buf_ring_advance(provided, 1);
}

static void answer(struct io_uring_cqe *completion, int slot) {
  if (completion->res <= 0) {
    /* Out of buffers is no end: those of this turn are back when it is submitted again. */
    if (completion->res == -ENOBUFS) receive_more(slot);
    else close_slot(slot);
    return;
  }
  give_back(completion);
  size_t bytes = partial[slot] + (size_t)completion->res;
  partial[slot] = bytes % request_size;
  size_t requests = bytes / request_size;
  if (work == sends_much)
    while (requests-- > 0) send_all(slot, big, big_size);
  else if (requests > 0)
    send_all(slot, thanks, requests * thanks_size);
  if (!(completion->flags & IORING_CQE_F_MORE)) receive_more(slot);
}

static struct {
  int count;
  struct iovec part;
  struct mmsghdr messages[batch];
  struct sockaddr_in peers[batch];
} outgoing = {.part = {thanks, thanks_size}};

static void send_datagrams(int fd) {
  for (int done = 0; done < outgoing.count;) {
    int n = sendmmsg(fd, outgoing.messages + done, (unsigned)(outgoing.count - done), 0);
    done += n > 0 ? n : 1; /* One that cannot be sent is lost, as datagrams may be. */
  }
  outgoing.count = 0;
}

static void thank(struct io_uring_cqe *completion, int fd) {
  if (completion->res >= 0) {
    char *buffer = buffers + (size_t)(completion->flags >> IORING_CQE_BUFFER_SHIFT) * buffer_size;
    struct io_uring_recvmsg_out *datagram =
        io_uring_recvmsg_validate(buffer, completion->res, &template);
    if (datagram) {
      int i = outgoing.count++;
      memcpy(&outgoing.peers[i], io_uring_recvmsg_name(datagram), sizeof outgoing.peers[i]);
      outgoing.messages[i].msg_hdr = (struct msghdr){
          .msg_name = &outgoing.peers[i], .msg_namelen = sizeof outgoing.peers[i],
          .msg_iov = &outgoing.part, .msg_iovlen = 1};
      if (outgoing.count == batch) send_datagrams(fd);
    }
    give_back(completion);
  }
  if (!(completion->flags & IORING_CQE_F_MORE)) receive_datagrams(fd);
}

static void complete(struct io_uring_cqe *completion) {
  const int slot = (int)(uint32_t)completion->user_data;
  switch ((enum kind)(completion->user_data >> 32)) {
  case accepted:
    if (completion->res >= 0 && completion->res < most_connections) {
      partial[completion->res] = 0;
      if (work == closes) thank_and_close(completion->res);
      else receive_more(completion->res);
    }
    if (!(completion->flags & IORING_CQE_F_MORE)) accept_more(slot);
    break;
  case received: answer(completion, slot); break;
  case arrived: thank(completion, slot); break;
  case sent: /* The multishot receive sees the end and closes. */
  case chained: break;
  }
}

static int start_ring(void) {
  struct io_uring_params parameters = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
      .cq_entries = entries * 4};
  int error = -io_uring_queue_init_params(entries, &ring, &parameters);
  if (error) return fail("io_uring", error);
  io_uring_register_ring_fd(&ring);
  error = -io_uring_register_files_sparse(&ring, most_connections);
  if (error) return fail("direct descriptors", error);
  if (posix_memalign((void **)&provided, 4096, buffer_count * sizeof(struct io_uring_buf)) ||
      posix_memalign((void **)&buffers, 4096, (size_t)buffer_count * buffer_size))
    return fail("buffers", ENOMEM);
  struct io_uring_buf_reg registration = {
      .ring_addr = (uintptr_t)provided, .ring_entries = buffer_count, .bgid = buffer_group};
  error = -io_uring_register_buf_ring(&ring, &registration, 0);
  if (error) return fail("provided buffers", error);
  io_uring_buf_ring_init(provided);
  for (int i = 0; i < buffer_count; i++)
    io_uring_buf_ring_add(provided, buffers + (size_t)i * buffer_size, buffer_size,
                          (unsigned short)i, io_uring_buf_ring_mask(buffer_count), i);
  io_uring_buf_ring_advance(provided, buffer_count);
  return 0;
}

int main(int count, char **arguments) {
  static const char *const names[] = {"close", "keep", "big", "udp"};
  size_t chosen = 0;
  if (count == 3)
    while (chosen < 4 && strcmp(arguments[1], names[chosen]) != 0) chosen++;
  if (count != 3 || chosen == 4)
    return fprintf(stderr, "usage: server close|keep|big|udp PORT\n"), 64;
  work = (int)chosen;
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max; /* Direct descriptors count against it when they are registered. */
  setrlimit(RLIMIT_NOFILE, &most);
  for (size_t i = 0; i + thanks_size <= sizeof thanks; i += thanks_size)
    memcpy(thanks + i, "thank you !", thanks_size);
  memset(big, 'x', sizeof big);
  int listener = bind_to(atoi(arguments[2]), work == datagrams ? SOCK_DGRAM : SOCK_STREAM);
  if (listener < 0) return fail("bind", errno);
  if (start_ring() != 0) return 1;
  if (work == datagrams) receive_datagrams(listener);
  else accept_more(listener);
  for (;;) {
    int error = -io_uring_submit_and_wait(&ring, 1);
    if (error > 0 && error != EINTR) return fail("wait", error);
    struct io_uring_cqe *completion;
    unsigned head, seen = 0;
    io_uring_for_each_cqe(&ring, head, completion) {
      complete(completion);
      seen++;
    }
    io_uring_cq_advance(&ring, seen);
    if (outgoing.count > 0) send_datagrams(listener);
  }
}
