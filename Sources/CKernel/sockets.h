/*
 * Sockets for Swift: calls with errno in the return value, addresses in one flat struct that both
 * families fit in, and options by name instead of by number.
 */
#ifndef CKERNEL_SOCKETS_H
#define CKERNEL_SOCKETS_H

#include "identity.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

/* An IPv4 or IPv6 endpoint, 24 bytes so that a connection can afford to keep it. family is 4, 6,
 * or 0 for none; port in host order; IPv4 in the first four bytes of address. */
typedef struct ck_endpoint {
  uint8_t address[16];
  uint32_t scope;
  uint16_t port;
  uint16_t family;
} ck_endpoint;

/* IPv4-mapped IPv6 comes out as IPv4, so that a dual-stack listener shows peers as they are. */
static inline void ck_endpoint_read(const struct sockaddr_storage *from, ck_endpoint *into) {
  memset(into, 0, sizeof *into);
  if (from->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    memcpy(into->address, &v4->sin_addr, 4);
    into->port = ntohs(v4->sin_port);
    into->family = 4;
  } else if (from->ss_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    into->port = ntohs(v6->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
      memcpy(into->address, v6->sin6_addr.s6_addr + 12, 4);
      into->family = 4;
    } else {
      memcpy(into->address, &v6->sin6_addr, 16);
      into->scope = v6->sin6_scope_id;
      into->family = 6;
    }
  }
}

static inline socklen_t ck_endpoint_write(const ck_endpoint *from, struct sockaddr_storage *into) {
  memset(into, 0, sizeof *into);
  if (from->family == 4) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)into;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(from->port);
    memcpy(&v4->sin_addr, from->address, 4);
    return sizeof *v4;
  }
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)into;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(from->port);
  v6->sin6_scope_id = from->scope;
  memcpy(&v6->sin6_addr, from->address, 16);
  return sizeof *v6;
}

/* The address without its port, NUL-terminated; `capacity` of INET6_ADDRSTRLEN always suffices. */
static inline int ck_endpoint_text(const ck_endpoint *endpoint, char *into, size_t capacity) {
  int family = endpoint->family == 4 ? AF_INET : AF_INET6;
  return inet_ntop(family, endpoint->address, into, (socklen_t)capacity) ? 0 : -errno;
}

/* A number of up to five digits, behind what has been written; where the next goes. */
static inline char *ck_put_number(char *into, unsigned number) {
  char digits[5];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count > 0) *into++ = digits[--count];
  return into;
}

/* The address and port as they stand in a URI ("192.0.2.1:4711", "[2001:db8::1]:4711"),
 * NUL-terminated, in at most 56 bytes. An IPv4 address is written by hand: inet_ntop goes through
 * snprintf, and a handler with state has this done for every client. */
static inline void ck_endpoint_describe(const ck_endpoint *endpoint, char *into) {
  if (endpoint->family == 4) {
    for (int part = 0; part < 4; part++) {
      into = ck_put_number(into, endpoint->address[part]);
      *into++ = part < 3 ? '.' : ':';
    }
  } else {
    *into++ = '[';
    if (inet_ntop(AF_INET6, endpoint->address, into, INET6_ADDRSTRLEN) == NULL) *into = 0;
    into += strlen(into);
    *into++ = ']';
    *into++ = ':';
  }
  *ck_put_number(into, endpoint->port) = 0;
}

/* A hash of address and port. `seed` must be secret and random: whoever knows it can find sources
 * that collide. One 64 by 64 bit product, folded, as in wyhash. */
static inline uint64_t ck_endpoint_hash(ck_endpoint endpoint, uint64_t seed) {
  uint64_t low, high;
  memcpy(&low, endpoint.address, 8);
  memcpy(&high, endpoint.address + 8, 8);
  high ^= (uint64_t)endpoint.port << 48 | endpoint.port;
  unsigned __int128 product = (unsigned __int128)(low ^ seed) *
                              (high ^ (seed * UINT64_C(0x9E3779B97F4A7C15) | 1));
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A numeric address; 0 when it is none, 1 when parsed (the port is left alone). */
static inline int ck_endpoint_parse(const char *text, ck_endpoint *into) {
  memset(into->address, 0, sizeof into->address);
  into->scope = 0;
  if (inet_pton(AF_INET, text, into->address) == 1) {
    into->family = 4;
    return 1;
  }
  if (inet_pton(AF_INET6, text, into->address) == 1) {
    into->family = 6;
    return 1;
  }
  into->family = 0;
  return 0;
}

/* Who is at the other end; async-signal-safe. */
static inline int ck_peer_endpoint(int fd, ck_endpoint *into) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getpeername(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
  ck_endpoint_read(&address, into);
  return 0;
}

/* accept4(2), non-blocking and closed on exec; the peer goes to *peer, unless that is NULL: the
 * kernel locks the socket to tell, which is a twentieth of a short connection's cost. */
static inline int ck_accept(int listener, ck_endpoint *peer) {
  const int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  if (!peer) {
    int fd = (int)ck_call(SYS_accept4, listener, 0, 0, flags, 0, 0);
    return fd >= 0 && fd <= 2 ? ck_leave_standard(fd) : fd;
  }
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  address.ss_family = AF_UNSPEC;
  long fd = ck_call(SYS_accept4, listener, (long)&address, (long)&length, flags, 0, 0);
  if (fd < 0) return (int)fd;
  ck_endpoint_read(&address, peer);
  return fd <= 2 ? ck_leave_standard((int)fd) : (int)fd;
}

static inline ssize_t ck_receive(int fd, void *into, size_t capacity) {
  return ck_call(SYS_recvfrom, fd, (long)into, (long)capacity, MSG_DONTWAIT, 0, 0);
}

/* MSG_NOSIGNAL always: a client that has gone is an error code, not a signal. */
static inline ssize_t ck_send(int fd, const void *from, size_t count, int more) {
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  return ck_call(SYS_sendto, fd, (long)from, (long)count, flags, 0, 0);
}

/* Two pieces as one: what was staged, and a reply that is too long for the stage. */
static inline ssize_t ck_send_both(int fd, const void *first, size_t first_count,
                                   const void *second, size_t second_count) {
  struct iovec pieces[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = first_count ? pieces : pieces + 1;
  message.msg_iovlen = first_count ? 2 : 1;
  return ck_call(SYS_sendmsg, fd, (long)&message, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0, 0);
}

/* Bytes that the kernel holds for the other side, who has not taken them (tcp(7), SIOCOUTQ). */
static inline int ck_unsent_count(int fd) {
  int count = 0;
  return ioctl(fd, TIOCOUTQ, &count) < 0 ? -errno : count;
}

/* 1 for a Unix socket, 0 for any other. */
static inline int ck_is_unix(int fd) {
  int domain = 0;
  socklen_t length = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0) return -errno;
  return domain == AF_UNIX;
}

static inline int ck_shutdown_send(int fd) { return shutdown(fd, SHUT_WR) < 0 ? -errno : 0; }

/* Makes the next close send a reset and drop what is queued (SO_LINGER with 0 seconds). */
static inline int ck_reset_on_close(int fd) {
  struct linger linger = {1, 0};
  return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) < 0 ? -errno : 0;
}

static inline int ck_local_endpoint(int fd, ck_endpoint *into) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
  ck_endpoint_read(&address, into);
  return 0;
}

/* socket(2) for a stream listener: non-blocking, closed on exec. family is 4 or 6. */
static inline int ck_stream_socket(int family) {
  int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

static inline int ck_bind(int fd, const ck_endpoint *endpoint) {
  struct sockaddr_storage address;
  socklen_t length = ck_endpoint_write(endpoint, &address);
  return bind(fd, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
}

static inline int ck_listen(int fd, int backlog) { return listen(fd, backlog) < 0 ? -errno : 0; }

static inline int ck_set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}
static inline int ck_set_reuse_address(int fd) {
  return ck_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}
static inline int ck_set_reuse_port(int fd) {
  return ck_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}
static inline int ck_set_no_delay(int fd) {
  return ck_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}
static inline int ck_set_dual_stack(int fd, int on) {
  return ck_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !on);
}
/* 0 switches it off. */
static inline int ck_set_defer_accept(int fd, int seconds) {
  return ck_set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, seconds);
}

/* A connected pair of SOCK_SEQPACKET sockets: message boundaries, and an end that can be seen. */
static inline int ck_packet_pair(int ends[2]) {
  int kind = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
  return socketpair(AF_UNIX, kind, 0, ends) < 0 ? -errno : 0;
}

#endif
