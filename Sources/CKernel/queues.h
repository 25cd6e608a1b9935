/*
 * Who waits at a listener's sockets, and how to keep further clients away for a while without
 * losing those: only the supervisor calls these, and each returns -errno on failure. Every shim
 * exists because it needs structs of the kernel's headers that Swift does not import.
 */
#ifndef CKERNEL_QUEUES_H
#define CKERNEL_QUEUES_H

#include "sockets.h"

#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/stat.h>

/* What waits at a socket: clients, or bytes of datagrams. */
typedef struct ck_queue {
  uint32_t waiting, limit, dropped;
} ck_queue;

static inline int ck_attach_filter(int fd, struct sock_filter *code, unsigned short count) {
  struct sock_fprog program = {count, code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ? -errno : 0;
}

/* A listening TCP socket passes over each first packet of a client (SYN without ACK) from now on,
 * as if it had been lost; who has begun the handshake ends it and comes into the queue. (Accepted
 * sockets inherit the filter. None of their packets has that form.) */
static inline int ck_pass_over_clients(int fd) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13), /* the flags of the TCP header */
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  return ck_attach_filter(fd, code, sizeof code / sizeof *code);
}

/* Datagrams that arrive from now on are dropped. */
static inline int ck_drop_datagrams(int fd) {
  struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  return ck_attach_filter(fd, code, 1);
}

/* Harmless when there is none. */
static inline int ck_detach_filter(int fd) {
  int result = ck_set_option(fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
  return result == -ENOENT ? 0 : result;
}

/* Linux 5.1. */
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

/* A listening TCP socket is no longer found by the first packets of clients, which are refused at
 * once; who has begun the handshake ends it and comes into the queue, with or without
 * TCP_DEFER_ACCEPT (seen on Linux 6.18, IPv4 and IPv6). The socket is bound to a network interface
 * that does not exist, which needs no privilege since Linux 5.7; only a privileged process could
 * undo it. (A SYN cookie is no handshake that has begun: its client is refused.) */
static inline int ck_refuse_clients(int fd) {
  return ck_set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, INT32_MAX);
}

/* Clients that nobody has accepted: 1, or 0 for a socket that does not listen. */
static inline int ck_tcp_queue(int fd, ck_queue *into) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  memset(into, 0, sizeof *into);
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -errno;
  if (info.tcpi_state != TCP_LISTEN) return 0;
  /* What these two mean for a socket that listens. */
  into->waiting = info.tcpi_unacked;
  into->limit = info.tcpi_sacked;
  return 1;
}

/* Bytes of datagrams as the kernel accounts for them, and datagrams that found no room; 1. */
static inline int ck_udp_queue(int fd, ck_queue *into) {
  uint32_t memory[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof memory;
  memset(into, 0, sizeof *into);
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0) return -errno;
  into->waiting = memory[SK_MEMINFO_RMEM_ALLOC];
  into->limit = memory[SK_MEMINFO_RCVBUF];
  into->dropped = memory[SK_MEMINFO_DROPS];
  return 1;
}

/* A socket for ck_unix_queue: sock_diag(7). */
static inline int ck_diagnosis_socket(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
  return fd < 0 ? -errno : fd;
}

/* The parts of one answer of the kernel's that are looked at, at most: some 100 handshakes each. */
enum { CK_DIAGNOSIS_PARTS = 4096 };

/* How many handshakes have begun at a local address and are not over: clients whose ACK has not
 * come, and those whose first bytes TCP_DEFER_ACCEPT waits for. Neither is in the queue of a socket
 * that listens, and no option of that socket tells of them. The kernel makes each part of its
 * answer before recv returns. */
static inline int64_t ck_handshakes(int diagnosis, const ck_endpoint *local) {
  static const uint8_t any[16];
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
  } question;
  union {
    struct nlmsghdr header;
    char bytes[16384];
  } answer;
  size_t size = local->family == 4 ? 4 : 16;
  int64_t found = 0;
  memset(&question, 0, sizeof question);
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  question.body.sdiag_family = local->family == 4 ? AF_INET : AF_INET6;
  question.body.sdiag_protocol = IPPROTO_TCP;
  question.body.idiag_states = 1u << TCP_SYN_RECV;
  question.body.id.idiag_sport = htons(local->port);
  question.body.id.idiag_cookie[0] = question.body.id.idiag_cookie[1] = UINT32_MAX;
  if (send(diagnosis, &question, sizeof question, MSG_NOSIGNAL) < 0) return -errno;
  for (int part = 0; part < CK_DIAGNOSIS_PARTS; part++) {
    ssize_t count = recv(diagnosis, &answer, sizeof answer, MSG_DONTWAIT);
    if (count < 0) return -errno;
    unsigned left = (unsigned)count;
    for (struct nlmsghdr *at = &answer.header; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_type == NLMSG_DONE) return found;
      if (at->nlmsg_type == NLMSG_ERROR) {
        if (at->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))) return -EPROTO;
        const struct nlmsgerr *error = (const struct nlmsgerr *)NLMSG_DATA(at);
        return error->error < 0 ? error->error : -EPROTO;
      }
      if (at->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg))) return -EPROTO;
      const struct inet_diag_msg *body = (const struct inet_diag_msg *)NLMSG_DATA(at);
      if (body->id.idiag_sport != htons(local->port)) continue;
      /* The kernel tells of clients of every address with this port. */
      if (memcmp(local->address, any, size) == 0 ||
          memcmp(local->address, body->id.idiag_src, size) == 0)
        found++;
    }
  }
  return -EMSGSIZE;
}

/* The same for a Unix socket that listens, by its inode: no option of the socket itself tells. The
 * kernel answers a question for one socket before send returns. */
static inline int ck_unix_queue(int diagnosis, int fd, ck_queue *into) {
  struct stat status;
  struct {
    struct nlmsghdr header;
    struct unix_diag_req body;
  } question;
  union {
    struct nlmsghdr header;
    char bytes[1024];
  } answer;
  memset(into, 0, sizeof *into);
  memset(&question, 0, sizeof question);
  if (fstat(fd, &status) < 0) return -errno;
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.body.sdiag_family = AF_UNIX;
  question.body.udiag_states = UINT32_MAX;
  question.body.udiag_ino = (uint32_t)status.st_ino;
  question.body.udiag_show = UDIAG_SHOW_RQLEN;
  question.body.udiag_cookie[0] = question.body.udiag_cookie[1] = UINT32_MAX;
  if (send(diagnosis, &question, sizeof question, MSG_NOSIGNAL) < 0) return -errno;
  ssize_t count = recv(diagnosis, &answer, sizeof answer, MSG_DONTWAIT);
  if (count < 0) return -errno;
  if (!NLMSG_OK(&answer.header, (unsigned)count)) return -EPROTO;
  if (answer.header.nlmsg_type == NLMSG_ERROR) {
    const struct nlmsgerr *error = (const struct nlmsgerr *)NLMSG_DATA(&answer.header);
    return error->error < 0 ? error->error : -EPROTO;
  }
  const struct unix_diag_msg *body = (const struct unix_diag_msg *)NLMSG_DATA(&answer.header);
  if (body->udiag_state != TCP_LISTEN) return 0;
  int left = (int)answer.header.nlmsg_len - (int)NLMSG_LENGTH(sizeof *body);
  const char *at = (const char *)(body + 1);
  while (left >= (int)sizeof(struct nlattr)) {
    const struct nlattr *attribute = (const struct nlattr *)at;
    int step = (int)NLA_ALIGN(attribute->nla_len);
    if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > left) break;
    if (attribute->nla_type == UNIX_DIAG_RQLEN) {
      const struct unix_diag_rqlen *length = (const void *)(at + NLA_HDRLEN);
      into->waiting = length->udiag_rqueue;
      into->limit = length->udiag_wqueue;
      return 1;
    }
    at += step;
    left -= step;
  }
  return -ENODATA;
}

#endif
