/*
 * What listeners need that are no TCP sockets: UDP sockets that tell where a datagram was sent to
 * and hold a burst, and Unix sockets, whose name is a file that outlives whoever made it. Only the
 * supervisor calls these; each returns -errno on failure.
 */
#ifndef CKERNEL_LISTENERS_H
#define CKERNEL_LISTENERS_H

#include "sockets.h"

#include <sys/file.h>
#include <sys/stat.h>

/* Whoever changes the umask of this process for a moment, one after the other. */
void ck_lock_umask(void);
void ck_unlock_umask(void);

/* socket(2) for datagrams: non-blocking, closed on exec. family is 4 or 6. */
static inline int ck_udp_socket(int family) {
  int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

/* Each datagram comes with the address it was sent to, which its answer must leave from. A socket
 * for both families has IPv4 addresses mapped, and needs nothing further. */
static inline int ck_tell_destination(int fd, int family) {
  return family == 4 ? ck_set_option(fd, IPPROTO_IP, IP_PKTINFO, 1)
                     : ck_set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

/* Makes the receive (or send) buffer that large; without privileges net.core.rmem_max bounds it.
 * What it is now, without the half that the kernel adds for its own needs. */
static inline int ck_enlarge_buffer(int fd, int is_receive, int byte_count) {
  int given = 0;
  socklen_t length = sizeof given;
  if (ck_set_option(fd, SOL_SOCKET, is_receive ? SO_RCVBUFFORCE : SO_SNDBUFFORCE, byte_count) < 0)
    (void)ck_set_option(fd, SOL_SOCKET, is_receive ? SO_RCVBUF : SO_SNDBUF, byte_count);
  if (getsockopt(fd, SOL_SOCKET, is_receive ? SO_RCVBUF : SO_SNDBUF, &given, &length) < 0)
    return -errno;
  return given / 2;
}

/* socket(2) for a stream listener with a path: non-blocking, closed on exec. */
static inline int ck_unix_socket(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

static inline int ck_unix_address(const char *path, struct sockaddr_un *into) {
  size_t length = strlen(path);
  memset(into, 0, sizeof *into);
  into->sun_family = AF_UNIX;
  if (length >= sizeof into->sun_path) return -ENAMETOOLONG;
  memcpy(into->sun_path, path, length);
  return 0;
}

/* bind(2). The file has its mode from the first moment on: the kernel makes it with 0777 less the
 * umask, so the umask says it (a chmod afterwards would come late, and follow a link). A negative
 * mode leaves it to the umask as it is. Not while another thread makes files. */
static inline int ck_unix_bind(int fd, const char *path, int mode) {
  struct sockaddr_un address;
  int error = ck_unix_address(path, &address);
  if (error) return error;
  /* Two at once would leave each other's umask behind for good. */
  if (mode >= 0) ck_lock_umask();
  mode_t before = mode < 0 ? 0 : umask((mode_t)(~mode & 0777));
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) error = -errno;
  if (mode >= 0) umask(before);
  if (mode >= 0) ck_unlock_umask();
  return error;
}

/* Does anybody serve a path? 0 with *pid (0 for one that cannot be seen from here) when somebody
 * accepts, -EAGAIN when somebody does and has too many in the queue, -EPROTOTYPE when it is served
 * by a socket of another kind, -ECONNREFUSED when nobody has it open. */
static inline int ck_unix_probe(const char *path, pid_t *pid) {
  struct sockaddr_un address;
  struct ucred owner = {0, 0, 0};
  socklen_t length = sizeof owner;
  int result = ck_unix_address(path, &address);
  *pid = 0;
  if (result) return result;
  int fd = ck_unix_socket();
  if (fd < 0) return fd;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    result = -errno;
  } else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &length) == 0) {
    *pid = owner.pid;
  }
  close(fd);
  return result;
}

/* Which file this is, links not followed: 1 for a socket, 0 for anything else. */
static inline int ck_socket_file(const char *path, uint64_t *device, uint64_t *inode) {
  struct stat status;
  if (lstat(path, &status) < 0) return -errno;
  *device = (uint64_t)status.st_dev;
  *inode = (uint64_t)status.st_ino;
  return S_ISSOCK(status.st_mode) ? 1 : 0;
}

/* May this process make files in the folder? */
static inline int ck_may_make_files(const char *folder) {
  return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* A folder, open for a lock on it. */
static inline int ck_open_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* A lock that ends with the descriptor; -EWOULDBLOCK while another process has it. */
static inline int ck_try_lock(int fd) {
  int result;
  do result = flock(fd, LOCK_EX | LOCK_NB);
  while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : 0;
}

/* Takes a client from a listener's queue only to let it go; 0 when there is none (any more). */
static inline int ck_turn_away(int fd) {
  int client = ck_accept(fd, NULL);
  if (client < 0) return 0;
  close(client);
  return 1;
}

#endif
