/*
 * Network namespaces and TUN devices: a process moves into a namespace of its own, and makes an
 * interface there whose packets it reads and writes. Nothing here has a name outside of the process
 * that made it, so that the kernel removes it with the last descriptor. Each call acts on the
 * namespace that this process is in.
 */
#ifndef CLAB_NETWORK_H
#define CLAB_NETWORK_H

#include "leash.h"

#include <arpa/inet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

static inline int clab_unshare_user(void) { return unshare(CLONE_NEWUSER) < 0 ? -errno : 0; }
static inline int clab_unshare_network(void) { return unshare(CLONE_NEWNET) < 0 ? -errno : 0; }

/* Opens for reading; a file below /proc/self/net goes on showing the namespace it was opened in. */
static inline int clab_open(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* A file of that name, emptied, for writing. */
static inline int clab_create(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
  return fd < 0 ? -errno : fd;
}

/* Writes a text in one call to a file that is there: for /proc. */
static inline int clab_write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;
  if (fd < 0) return -errno;
  if (write(fd, text, strlen(text)) < 0) error = -errno;
  close(fd);
  return error;
}

static inline ssize_t clab_read_at(int fd, void *into, size_t capacity, off_t offset) {
  ssize_t n = pread(fd, into, capacity, offset);
  return n < 0 ? -errno : n;
}

/* The device whose packets belong to nobody yet; never blocks. */
static inline int clab_open_tun(const char *path) {
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

static inline void clab_name_interface(struct ifreq *request, const char *name) {
  memset(request, 0, sizeof *request);
  strncpy(request->ifr_name, name, IFNAMSIZ - 1);
}

/* Makes the descriptor one of a new interface: bare IP packets, checksums complete. */
static inline int clab_attach_tun(int fd, const char *name) {
  struct ifreq request;
  clab_name_interface(&request, name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  return ioctl(fd, TUNSETIFF, &request) < 0 ? -errno : 0;
}

static inline int clab_change_interface(int socket_fd, unsigned long what, struct ifreq *request) {
  return ioctl(socket_fd, what, request) < 0 ? -errno : 0;
}

static inline int clab_change_address(int socket_fd, unsigned long what, const char *name,
                                      const char *address) {
  struct ifreq request;
  struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
  clab_name_interface(&request, name);
  in->sin_family = AF_INET;
  if (inet_pton(AF_INET, address, &in->sin_addr) != 1) return -EINVAL;
  return clab_change_interface(socket_fd, what, &request);
}

/* How many packets may wait in an interface. By netlink: the ioctl for it wants the rights of the
 * whole machine, where for all others those in this namespace do. */
static inline int clab_set_queue_length(const char *name, int length) {
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
    struct rtattr attribute;
    uint32_t length;
  } request = {
    {sizeof request, RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0},
    {AF_UNSPEC, 0, 0, (int)if_nametoindex(name), 0, 0},
    {RTA_LENGTH(sizeof(uint32_t)), IFLA_TXQLEN},
    (uint32_t)length};
  struct {
    struct nlmsghdr header;
    struct nlmsgerr error;
    char rest[512];
  } answer;
  int result = 0, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  if (send(fd, &request, sizeof request, 0) < 0) result = -errno;
  if (!result) {
    ssize_t n = recv(fd, &answer, sizeof answer, 0);
    if (n < 0)
      result = -errno;
    else if (n < (ssize_t)NLMSG_LENGTH(sizeof answer.error) ||
             answer.header.nlmsg_type != NLMSG_ERROR)
      result = -EPROTO;
    else
      result = answer.error.error;
  }
  close(fd);
  return result;
}

/* Switches an interface on. With an address also says that, its mask, and how many packets and how
 * large ones may wait in it. */
static inline int clab_bring_up(const char *name, const char *address, const char *mask, int mtu,
                                int queue_length) {
  struct ifreq request;
  int result = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (address) {
    clab_name_interface(&request, name);
    request.ifr_mtu = mtu;
    result = clab_change_interface(fd, SIOCSIFMTU, &request);
    if (!result) result = clab_set_queue_length(name, queue_length);
    if (!result) result = clab_change_address(fd, SIOCSIFADDR, name, address);
    if (!result) result = clab_change_address(fd, SIOCSIFNETMASK, name, mask);
  }
  clab_name_interface(&request, name);
  if (!result) result = clab_change_interface(fd, SIOCGIFFLAGS, &request);
  request.ifr_flags |= IFF_UP;
  if (!result) result = clab_change_interface(fd, SIOCSIFFLAGS, &request);
  close(fd);
  return result;
}

/* Lets this thread run before others where that is allowed; what it starts is not preferred. */
static inline int clab_be_prompt(void) {
  struct sched_param parameter;
  memset(&parameter, 0, sizeof parameter);
  if (sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &parameter) < 0) return -errno;
  return setpriority(PRIO_PROCESS, 0, -15) < 0 ? -errno : 0;
}

/* A timer as something to poll, on CLOCK_MONOTONIC. */
static inline int clab_timer(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

/* From then on it can be read, until it is armed anew; 0 disarms it. */
static inline int clab_arm_timer(int fd, uint64_t at_ns) {
  struct itimerspec when;
  memset(&when, 0, sizeof when);
  when.it_value.tv_sec = (time_t)(at_ns / 1000000000u);
  when.it_value.tv_nsec = (long)(at_ns % 1000000000u);
  return timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL) < 0 ? -errno : 0;
}

static inline uint64_t clab_clock_ns(clockid_t which) {
  struct timespec now;
  clock_gettime(which, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
static inline uint64_t clab_monotonic_ns(void) { return clab_clock_ns(CLOCK_MONOTONIC); }
static inline uint64_t clab_realtime_ns(void) { return clab_clock_ns(CLOCK_REALTIME); }
static inline uint64_t clab_cpu_ns(void) { return clab_clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

#endif
