/*
 * A program, not a plugin: one datagram from each of many addresses, and a check that what comes
 * back to an address is what left from it.
 *
 *     spoof ADDRESS PORT COUNT     prints "sent N, answered N, wrong N"
 *
 * Every address of 127/8 is one of this machine, so an unprivileged socket may send from each
 * (ip(7), IP_PKTINFO) and sees which one an answer was sent to.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { window = 64 };
static int sent, answered, wrong;

union control {
  char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
  struct cmsghdr alignment;
};

/* Number i's own: 127.16.0.0 and up. */
static uint32_t address_of(int i) { return htonl(0x7f100000u + (uint32_t)i); }

static int send_one(int fd, struct sockaddr_in *server, int i) {
  char text[32];
  union control control;
  struct iovec vector = {text, (size_t)snprintf(text, sizeof text, "number %d", i)};
  struct msghdr message = {.msg_name = server, .msg_namelen = sizeof *server,
                           .msg_iov = &vector, .msg_iovlen = 1,
                           .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct in_pktinfo info = {.ipi_spec_dst.s_addr = address_of(i)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  memset(&control, 0, sizeof control);
  header->cmsg_level = IPPROTO_IP, header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(header), &info, sizeof info);
  return sendmsg(fd, &message, 0) > 0;
}

/* True when one was there. */
static int receive_one(int fd) {
  char text[256];
  union control control;
  struct iovec vector = {text, sizeof text - 1};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1,
                           .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
  if (length < 0) return 0;
  text[length] = '\0';
  struct in_pktinfo info = {0};
  for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h != NULL; h = CMSG_NXTHDR(&message, h))
    if (h->cmsg_type == IP_PKTINFO) memcpy(&info, CMSG_DATA(h), sizeof info);
  int i = -1;
  answered++;
  if (sscanf(text, "number %d", &i) != 1 || info.ipi_addr.s_addr != address_of(i)) wrong++;
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 4) return 64;
  int count = atoi(argv[3]), on = 1, room = 1 << 21;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) return 1;
  setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  while (sent < count) {
    /* No more at once than the server's socket holds; an answer that is lost costs 2 s. */
    int limit = sent + window < count ? sent + window : count;
    while (sent < limit) {
      if (!send_one(fd, &server, sent)) return perror("send"), 1;
      sent++;
    }
    while (answered < sent && poll(&entry, 1, 2000) > 0)
      while (receive_one(fd)) continue;
  }
  printf("sent %d, answered %d, wrong %d\n", sent, answered, wrong);
  return 0;
}
