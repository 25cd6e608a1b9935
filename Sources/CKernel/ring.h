/*
 * io_uring for Swift, without liburing: the three system calls, the two rings and the ring of
 * provided buffers in mapped memory, each entry written and read in one place. The kernel reads and
 * writes the same memory, so heads and tails go through acquire and release. Numbers that the
 * headers of Linux 6.1 lack are declared here; whether a kernel knows them is found out by trying.
 */
#ifndef CKERNEL_RING_H
#define CKERNEL_RING_H

#include "descriptors.h"

#include <linux/io_uring.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* The layouts that everything below relies on; they are the kernel's ABI. */
_Static_assert(sizeof(struct io_uring_sqe) == 64, "an entry of the submission ring");
_Static_assert(sizeof(struct io_uring_cqe) == 16, "an entry of the completion ring");
_Static_assert(sizeof(struct io_uring_buf) == 16, "an entry of the ring of buffers");
_Static_assert(sizeof(struct io_uring_getevents_arg) == 24, "what a wait may say");
_Static_assert(sizeof(struct io_uring_buf_reg) == 40, "the registration of a ring of buffers");

/* Everything of one instance. The pointers lie in the mappings, which live until ck_ring_close. */
typedef struct ck_ring {
  int fd;
  uint32_t sq_mask, sq_entries, cq_mask, cq_entries;
  uint32_t *sq_head, *sq_tail, *cq_head, *cq_tail;
  struct io_uring_sqe *sqes;
  struct io_uring_cqe *cqes;
  void *rings;
  size_t rings_size, sqes_size;
  /* Filled and not yet shown to the kernel: the tail that the next enter publishes. */
  uint32_t sq_local;
  /* Completions read so far. */
  uint32_t cq_local;
} ck_ring;

/* A ring of buffers that lie one after the other, `stride` apart, in memory of the caller's. */
typedef struct ck_ring_buffers {
  struct io_uring_buf_ring *ring;
  size_t ring_size;
  uint8_t *memory;
  size_t stride;
  uint32_t capacity; /* of each: what a receive may fill */
  uint16_t count, group, tail;
} ck_ring_buffers;

static inline int ck_ring_system(int fd, uint32_t submit, uint32_t wait, uint32_t flags,
                                 const void *argument, size_t size) {
  return (int)ck_call(SYS_io_uring_enter, fd, submit, wait, flags, (long)argument, (long)size);
}

static inline int ck_ring_register(int fd, uint32_t operation, void *argument, uint32_t count) {
  long n = syscall(SYS_io_uring_register, fd, operation, argument, count);
  return n < 0 ? -errno : (int)n;
}

static inline void ck_ring_close(ck_ring *ring) {
  if (ring->sqes) munmap(ring->sqes, ring->sqes_size);
  if (ring->rings) munmap(ring->rings, ring->rings_size);
  if (ring->fd >= 0) close(ring->fd);
  ring->fd = -1;
}

/* One thread submits and reaps, completions run when that thread waits (Linux 6.1), and an entry
 * that the kernel refuses does not hold up those behind it. */
static inline int ck_ring_open(ck_ring *ring, uint32_t entries, uint32_t completions) {
  struct io_uring_params parameters;
  memset(&parameters, 0, sizeof parameters);
  memset(ring, 0, sizeof *ring);
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                     IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  parameters.cq_entries = completions;
  ring->fd = (int)syscall(SYS_io_uring_setup, entries, &parameters);
  if (ring->fd < 0) return -errno;
  const uint32_t wanted = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
  if ((parameters.features & wanted) != wanted) {
    ck_ring_close(ring);
    return -EOPNOTSUPP;
  }
  size_t sq = parameters.sq_off.array + parameters.sq_entries * sizeof(uint32_t);
  size_t cq = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
  ring->rings_size = sq > cq ? sq : cq;
  ring->sqes_size = parameters.sq_entries * sizeof(struct io_uring_sqe);
  const int flags = MAP_SHARED | MAP_POPULATE;
  void *rings = mmap(NULL, ring->rings_size, PROT_READ | PROT_WRITE, flags, ring->fd,
                     IORING_OFF_SQ_RING);
  void *sqes = mmap(NULL, ring->sqes_size, PROT_READ | PROT_WRITE, flags, ring->fd,
                    IORING_OFF_SQES);
  int failure = errno;
  ring->rings = rings == MAP_FAILED ? NULL : rings;
  ring->sqes = (struct io_uring_sqe *)(sqes == MAP_FAILED ? NULL : sqes);
  if (!ring->rings || !ring->sqes) {
    ck_ring_close(ring);
    return -failure;
  }
  uint8_t *base = (uint8_t *)rings;
  ring->sq_head = (uint32_t *)(base + parameters.sq_off.head);
  ring->sq_tail = (uint32_t *)(base + parameters.sq_off.tail);
  ring->cq_head = (uint32_t *)(base + parameters.cq_off.head);
  ring->cq_tail = (uint32_t *)(base + parameters.cq_off.tail);
  ring->cqes = (struct io_uring_cqe *)(base + parameters.cq_off.cqes);
  ring->sq_entries = parameters.sq_entries;
  ring->sq_mask = parameters.sq_entries - 1;
  ring->cq_entries = parameters.cq_entries;
  ring->cq_mask = parameters.cq_entries - 1;
  /* An entry's place in the ring is its place in the array, for ever. */
  uint32_t *array = (uint32_t *)(base + parameters.sq_off.array);
  for (uint32_t i = 0; i < parameters.sq_entries; i++) array[i] = i;
  return 0;
}

/* Entries that are filled and that the kernel has not taken. */
static inline uint32_t ck_ring_unsubmitted(const ck_ring *ring) {
  return ring->sq_local - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE);
}

/* The next free entry, zeroed, or NULL when the ring is full: then enter first. */
static inline struct io_uring_sqe *ck_ring_entry(ck_ring *ring, int operation, uint64_t data) {
  if (ck_ring_unsubmitted(ring) >= ring->sq_entries) return NULL;
  struct io_uring_sqe *entry = ring->sqes + (ring->sq_local++ & ring->sq_mask);
  memset(entry, 0, sizeof *entry);
  entry->opcode = (uint8_t)operation;
  entry->user_data = data;
  return entry;
}

/* Each of the next three fills an entry; -EBUSY when there is none: enter, and again. */

/* Says when any of `events` is seen, POLLERR and POLLHUP always among them; once or many times. */
static inline int ck_ring_put_poll(ck_ring *ring, int fd, uint32_t events, int many,
                                   uint64_t data) {
  struct io_uring_sqe *entry = ck_ring_entry(ring, IORING_OP_POLL_ADD, data);
  if (!entry) return -EBUSY;
  entry->fd = fd;
  entry->len = many ? IORING_POLL_ADD_MULTI : 0;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  events = events << 16 | events >> 16; /* the kernel reads two halves, for old callers' sake */
#endif
  entry->poll32_events = events;
  return 0;
}

/* Receives many times, each time into a buffer of the group. It waits for input first: whoever asks
 * has usually just found that there is none. */
static inline int ck_ring_put_receive(ck_ring *ring, int fd, uint16_t group, uint64_t data) {
  struct io_uring_sqe *entry = ck_ring_entry(ring, IORING_OP_RECV, data);
  if (!entry) return -EBUSY;
  entry->fd = fd;
  entry->ioprio = IORING_RECV_MULTISHOT | IORING_RECVSEND_POLL_FIRST;
  entry->flags = IOSQE_BUFFER_SELECT;
  entry->buf_group = group;
  return 0;
}

/* Ends the request that was put with `target`, which completes then; this one completes only when
 * there is no such request any more. */
static inline int ck_ring_put_cancel(ck_ring *ring, uint64_t target, uint64_t data) {
  struct io_uring_sqe *entry = ck_ring_entry(ring, IORING_OP_ASYNC_CANCEL, data);
  if (!entry) return -EBUSY;
  entry->fd = -1;
  entry->addr = target;
  entry->flags = IOSQE_CQE_SKIP_SUCCESS;
  return 0;
}

/* Submits what is filled and waits for `wait` completions, at most `timeout_ns`; negative waits for
 * ever. What it submitted, or -errno: -ETIME when nothing came in time, -EINTR. */
static inline int ck_ring_enter(ck_ring *ring, uint32_t wait, int64_t timeout_ns) {
  uint32_t count = ck_ring_unsubmitted(ring);
  __atomic_store_n(ring->sq_tail, ring->sq_local, __ATOMIC_RELEASE);
  struct __kernel_timespec time = {timeout_ns / 1000000000, timeout_ns % 1000000000};
  struct io_uring_getevents_arg argument = {0, _NSIG / 8, 0, (uint64_t)(uintptr_t)&time};
  if (wait == 0 || timeout_ns < 0) argument.ts = 0;
  return ck_ring_system(ring->fd, count, wait, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                        &argument, sizeof argument);
}

/* What became of a request: its data, its result or -errno, and the buffer that it filled or -1. */
typedef struct ck_ring_completion {
  uint64_t data;
  int32_t result;
  int32_t buffer;
  int32_t has_more; /* 1 while the request goes on */
} ck_ring_completion;

/* Reads the next completion; 0 when there is none. */
static inline int ck_ring_take(ck_ring *ring, ck_ring_completion *into) {
  uint32_t tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
  if (tail == ring->cq_local) return 0;
  const struct io_uring_cqe *entry = ring->cqes + (ring->cq_local & ring->cq_mask);
  into->data = entry->user_data;
  into->result = entry->res;
  into->buffer =
      entry->flags & IORING_CQE_F_BUFFER ? (int32_t)(entry->flags >> IORING_CQE_BUFFER_SHIFT) : -1;
  into->has_more = entry->flags & IORING_CQE_F_MORE ? 1 : 0;
  __atomic_store_n(ring->cq_head, ++ring->cq_local, __ATOMIC_RELEASE);
  return 1;
}

/* Gives a buffer back to the kernel; seen by it at once. */
static inline void ck_ring_return(ck_ring_buffers *buffers, uint16_t place) {
  struct io_uring_buf *entry = &buffers->ring->bufs[buffers->tail & (buffers->count - 1)];
  entry->addr = (uint64_t)(uintptr_t)(buffers->memory + place * buffers->stride);
  entry->len = buffers->capacity;
  entry->bid = place;
  __atomic_store_n(&buffers->ring->tail, ++buffers->tail, __ATOMIC_RELEASE);
}

/* `count` (a power of two) buffers in `memory`, all given to the kernel. */
static inline int ck_ring_provide(ck_ring *ring, ck_ring_buffers *into, uint16_t group,
                                  uint16_t count, void *memory, size_t stride, uint32_t capacity) {
  memset(into, 0, sizeof *into);
  into->ring_size = count * sizeof(struct io_uring_buf);
  void *at =
      mmap(NULL, into->ring_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return -errno;
  struct io_uring_buf_reg registration;
  memset(&registration, 0, sizeof registration);
  registration.ring_addr = (uint64_t)(uintptr_t)at;
  registration.ring_entries = count;
  registration.bgid = group;
  int result = ck_ring_register(ring->fd, IORING_REGISTER_PBUF_RING, &registration, 1);
  if (result < 0) {
    munmap(at, into->ring_size);
    return result;
  }
  into->ring = (struct io_uring_buf_ring *)at;
  into->memory = (uint8_t *)memory;
  into->stride = stride;
  into->capacity = capacity;
  into->count = count;
  into->group = group;
  for (uint16_t place = 0; place < count; place++) ck_ring_return(into, place);
  return 0;
}

/* Does what Portico needs work here? A byte through a socket pair, received into a buffer of the
 * group by a request that goes on: a kernel or a sandbox may know the calls and refuse requests.
 * 0, or -errno; every buffer is the kernel's again. */
static inline int ck_ring_try(ck_ring *ring, ck_ring_buffers *buffers) {
  const int64_t second_ns = 1000000000;
  ck_ring_completion seen = {0, 0, -1, 0};
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) return -errno;
  int result = ck_ring_put_receive(ring, ends[0], buffers->group, 1);
  if (result == 0 && send(ends[1], "?", 1, MSG_NOSIGNAL) != 1) result = -errno;
  if (result == 0) result = ck_ring_enter(ring, 1, second_ns);
  if (result >= 0) {
    if (!ck_ring_take(ring, &seen)) result = -ETIME;
    else if (seen.result != 1 || seen.buffer < 0 || !seen.has_more)
      result = seen.result < 0 ? seen.result : -EOPNOTSUPP;
    else result = 0;
  }
  if (seen.buffer >= 0) ck_ring_return(buffers, (uint16_t)seen.buffer);
  close(ends[1]);
  /* The end of the stream completes it for the last time. */
  while (result == 0 && seen.has_more) {
    int entered = ck_ring_enter(ring, 1, second_ns);
    if (entered < 0 && entered != -EINTR) result = entered;
    while (ck_ring_take(ring, &seen))
      if (seen.buffer >= 0) ck_ring_return(buffers, (uint16_t)seen.buffer);
  }
  close(ends[0]);
  return result;
}

#endif
