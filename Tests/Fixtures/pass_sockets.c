/*
 * A program, not a plugin: opens sockets as a .socket unit does and becomes another program, which
 * gets them as descriptors 3, 4, ... (sd_listen_fds(3)). Arguments: NAME=KIND each, then a --, then
 * the program. KIND is tcp, tcp6 or udp on a port of 127.0.0.1 or [::] that the kernel picks, tcp+
 * for the port of the one before (as ReusePort= does), tcp:PORT, unix:PATH, or something that
 * nobody can serve: unbound (a stream socket that does not listen), dgram:PATH, file.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static unsigned short last_port;

static int internet(int family, int type, unsigned short port) {
  struct sockaddr_storage address;
  socklen_t length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  int on = 1, fd = socket(family, type, 0);
  memset(&address, 0, sizeof address);
  address.ss_family = (sa_family_t)family;
  if (family == AF_INET) {
    ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ((struct sockaddr_in *)&address)->sin_port = htons(port);
  }
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, length) < 0) return -1;
  if (type == SOCK_STREAM && listen(fd, 128) < 0) return -1;
  getsockname(fd, (struct sockaddr *)&address, &length);
  last_port = ntohs(((struct sockaddr_in *)&address)->sin_port);
  return fd;
}

static int local(int type, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, type, 0);
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return -1;
  if (type == SOCK_STREAM && listen(fd, 128) < 0) return -1;
  return fd;
}

static int open_kind(const char *kind) {
  if (strcmp(kind, "tcp") == 0) return internet(AF_INET, SOCK_STREAM, 0);
  if (strcmp(kind, "tcp+") == 0) return internet(AF_INET, SOCK_STREAM, last_port);
  if (strncmp(kind, "tcp:", 4) == 0)
    return internet(AF_INET, SOCK_STREAM, (unsigned short)atoi(kind + 4));
  if (strcmp(kind, "tcp6") == 0) return internet(AF_INET6, SOCK_STREAM, 0);
  if (strcmp(kind, "udp") == 0) return internet(AF_INET, SOCK_DGRAM, 0);
  if (strncmp(kind, "unix:", 5) == 0) return local(SOCK_STREAM, kind + 5);
  if (strncmp(kind, "dgram:", 6) == 0) return local(SOCK_DGRAM, kind + 6);
  if (strcmp(kind, "unbound") == 0) return socket(AF_INET, SOCK_STREAM, 0);
  return open("/dev/null", O_RDONLY);
}

int main(int count, char **words) {
  int opened[16], number = 0, next = 1;
  char names[1024] = "", text[16];
  for (; next < count && strcmp(words[next], "--") != 0 && number < 16; next++) {
    char *kind = strchr(words[next], '=');
    if (!kind) return 2;
    *kind++ = 0;
    if (number > 0) strcat(names, ":");
    strncat(names, words[next], 60);
    int fd = open_kind(kind);
    if (fd < 0) return perror(kind), 2;
    opened[number++] = fcntl(fd, F_DUPFD, 100);
    close(fd);
  }
  for (int i = 0; i < number; i++) {
    if (dup2(opened[i], 3 + i) < 0) return perror("dup2"), 2;
    close(opened[i]);
  }
  snprintf(text, sizeof text, "%d", (int)getpid());
  setenv("LISTEN_PID", text, 1);
  snprintf(text, sizeof text, "%d", number);
  setenv("LISTEN_FDS", text, 1);
  setenv("LISTEN_FDNAMES", names, 1);
  if (++next >= count) return 2;
  execvp(words[next], words + next);
  return perror(words[next]), 2;
}
