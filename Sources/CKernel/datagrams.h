/*
 * Datagrams in batches: recvmmsg(2) and sendmmsg(2), and the two ancillary messages that tell which
 * address a datagram was sent to and let its answer leave from there (ip(7) IP_PKTINFO, RFC 3542
 * section 6.1). On a dual-stack socket IPv4 comes and goes mapped, with IPV6_PKTINFO only.
 */
#ifndef CKERNEL_DATAGRAMS_H
#define CKERNEL_DATAGRAMS_H

#include "sockets.h"

/* Where a datagram came from and was sent to, and so how its answer has to travel. */
typedef struct ck_datagram_path {
  ck_endpoint peer;
  ck_endpoint local;  /* family 0: the kernel chooses. The port is the socket's. */
  uint32_t interface; /* it came in by; 0 when that does not matter */
  uint16_t family;    /* of the socket: 4 or 6 */
  uint16_t reserved;
} ck_datagram_path;

/* A datagram to be sent: its bytes lie at an offset of a common buffer. */
typedef struct ck_datagram {
  ck_datagram_path path;
  uint32_t offset;
  uint32_t length;
} ck_datagram;

enum { CK_DATAGRAM_BATCH = 32 };

/* Room for the headers of one batch; nothing in it outlives a call but what is read back. */
typedef struct ck_datagram_batch {
  struct mmsghdr messages[CK_DATAGRAM_BATCH];
  struct iovec vectors[CK_DATAGRAM_BATCH];
  struct sockaddr_storage names[CK_DATAGRAM_BATCH];
  union {
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct cmsghdr alignment;
  } controls[CK_DATAGRAM_BATCH];
} ck_datagram_batch;

/* Receives up to CK_DATAGRAM_BATCH datagrams without waiting: number i into base + i * stride, of
 * `capacity` bytes each. How many came, or -errno. */
static inline int ck_receive_datagrams(int fd, ck_datagram_batch *batch, char *base, size_t stride,
                                       size_t capacity) {
  for (unsigned i = 0; i < CK_DATAGRAM_BATCH; i++) {
    struct msghdr *header = &batch->messages[i].msg_hdr;
    batch->vectors[i].iov_base = base + i * stride;
    batch->vectors[i].iov_len = capacity;
    header->msg_name = &batch->names[i];
    header->msg_namelen = sizeof batch->names[i];
    header->msg_iov = &batch->vectors[i];
    header->msg_iovlen = 1;
    header->msg_control = batch->controls[i].bytes;
    header->msg_controllen = sizeof batch->controls[i].bytes;
    header->msg_flags = 0;
  }
  const int flags = MSG_DONTWAIT;
  return (int)ck_call(SYS_recvmmsg, fd, (long)batch->messages, CK_DATAGRAM_BATCH, flags, 0, 0);
}

/* The bytes of datagram i of the last receive; -EMSGSIZE when it did not fit whole. */
static inline int64_t ck_datagram_length(const ck_datagram_batch *batch, unsigned i) {
  if (batch->messages[i].msg_hdr.msg_flags & MSG_TRUNC) return -EMSGSIZE;
  return batch->messages[i].msg_len;
}

/* The way of datagram i of the last receive. */
static inline void ck_datagram_read_path(ck_datagram_batch *batch, unsigned i,
                                         ck_datagram_path *into) {
  struct msghdr *header = &batch->messages[i].msg_hdr;
  memset(into, 0, sizeof *into);
  into->family = batch->names[i].ss_family == AF_INET ? 4 : 6;
  ck_endpoint_read(&batch->names[i], &into->peer);
  struct cmsghdr *control = CMSG_FIRSTHDR(header);
  for (; control; control = CMSG_NXTHDR(header, control)) {
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      /* The local address even of a broadcast, unlike ipi_addr. */
      memcpy(into->local.address, &info.ipi_spec_dst, 4);
      into->local.family = 4;
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      struct sockaddr_storage local;
      struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&local;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      memset(&local, 0, sizeof local);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) continue; /* nothing can be sent from there */
      v6->sin6_family = AF_INET6;
      v6->sin6_addr = info.ipi6_addr;
      ck_endpoint_read(&local, &into->local);
      /* Only a link-local address is ambiguous without its interface. */
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) into->interface = (uint32_t)info.ipi6_ifindex;
    }
  }
}

static inline void ck_endpoint_write_mapped(const ck_endpoint *from, struct in6_addr *into) {
  memset(into, 0, sizeof *into);
  if (from->family != 4) {
    memcpy(into, from->address, 16);
    return;
  }
  into->s6_addr[10] = into->s6_addr[11] = 0xFF;
  memcpy(into->s6_addr + 12, from->address, 4);
}

static inline void ck_datagram_write_path(const ck_datagram_path *path, ck_datagram_batch *batch,
                                          unsigned i) {
  struct msghdr *header = &batch->messages[i].msg_hdr;
  header->msg_name = &batch->names[i];
  header->msg_control = batch->controls[i].bytes;
  header->msg_flags = 0;
  memset(&batch->controls[i], 0, sizeof batch->controls[i]);
  struct cmsghdr *control = (struct cmsghdr *)batch->controls[i].bytes;
  if (path->family == 4) {
    struct in_pktinfo info;
    memset(&info, 0, sizeof info);
    memcpy(&info.ipi_spec_dst, path->local.address, 4);
    header->msg_namelen = ck_endpoint_write(&path->peer, &batch->names[i]);
    header->msg_controllen = CMSG_SPACE(sizeof info);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(control), &info, sizeof info);
  } else {
    struct in6_pktinfo info;
    struct sockaddr_in6 *to = (struct sockaddr_in6 *)&batch->names[i];
    memset(&info, 0, sizeof info);
    ck_endpoint_write_mapped(&path->local, &info.ipi6_addr);
    info.ipi6_ifindex = path->interface;
    memset(to, 0, sizeof *to);
    to->sin6_family = AF_INET6;
    to->sin6_port = htons(path->peer.port);
    to->sin6_scope_id = path->peer.scope;
    ck_endpoint_write_mapped(&path->peer, &to->sin6_addr);
    header->msg_namelen = sizeof *to;
    header->msg_controllen = CMSG_SPACE(sizeof info);
    control->cmsg_level = IPPROTO_IPV6;
    control->cmsg_type = IPV6_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(control), &info, sizeof info);
  }
  if (path->local.family == 0) header->msg_controllen = 0;
}

/* Sends up to CK_DATAGRAM_BATCH datagrams without waiting; their bytes lie at base + offset. How
 * many the kernel took, or -errno of the first. */
static inline int ck_send_datagrams(int fd, ck_datagram_batch *batch, const ck_datagram *datagrams,
                                    unsigned count, char *base) {
  if (count > CK_DATAGRAM_BATCH) count = CK_DATAGRAM_BATCH;
  for (unsigned i = 0; i < count; i++) {
    batch->vectors[i].iov_base = base + datagrams[i].offset;
    batch->vectors[i].iov_len = datagrams[i].length;
    batch->messages[i].msg_hdr.msg_iov = &batch->vectors[i];
    batch->messages[i].msg_hdr.msg_iovlen = 1;
    ck_datagram_write_path(&datagrams[i].path, batch, i);
  }
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return (int)ck_call(SYS_sendmmsg, fd, (long)batch->messages, count, flags, 0, 0);
}

#endif
