/*
 * How wide a terminal is: ioctl has a variable number of arguments, which Swift cannot pass.
 */
#ifndef CLAB_TERMINAL_H
#define CLAB_TERMINAL_H

#include <errno.h>
#include <sys/ioctl.h>

/* Columns, or -errno for what is no terminal. */
static inline int clab_columns(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) < 0 ? -errno : size.ws_col;
}

#endif
