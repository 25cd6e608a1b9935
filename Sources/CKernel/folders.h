/*
 * Making files and folders by path, each only where nothing is yet: what `portico new` writes. And
 * files below a folder that stays open: what a host keeps in its run folder. Nothing here ever
 * replaces or follows what is there. Each function returns 0 or a descriptor, or -errno. That
 * rename replaces an empty folder, and only an empty one, is POSIX.
 */
#ifndef CKERNEL_FOLDERS_H
#define CKERNEL_FOLDERS_H

#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int ck_make_folder(const char *path) { return mkdir(path, 0777) < 0 ? -errno : 0; }

static inline int ck_remove_folder(const char *path) { return rmdir(path) < 0 ? -errno : 0; }

static inline int ck_create_file(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  return fd < 0 ? -errno : fd;
}

/* -ENOTEMPTY or -EEXIST when there is a folder with something in it, -ENOTDIR for a file. */
static inline int ck_rename_folder(const char *from, const char *to) {
  return rename(from, to) < 0 ? -errno : 0;
}

/* 1 when both paths lead to one file. */
static inline int ck_is_same_file(const char *one, const char *other) {
  struct stat first, second;
  if (stat(one, &first) < 0 || stat(other, &second) < 0) return -errno;
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* 1 when it is a file that this process may execute. */
static inline int ck_is_executable(const char *path) {
  struct stat status;
  if (stat(path, &status) < 0) return -errno;
  return S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/*
 * Below a folder that is open (AT_FDCWD for a path): no link is followed as the last part, nothing
 * waits for whoever has the other end of a named pipe, and no terminal is taken.
 */

/* For its owner's eyes alone. */
static inline int ck_make_private_folder_in(int folder, const char *name) {
  return mkdirat(folder, name, 0700) < 0 ? -errno : 0;
}

/* -ENOTDIR for a link, and for whatever else is no folder. */
static inline int ck_open_folder_in(int folder, const char *name) {
  int fd = openat(folder, name,
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* The folder itself, opened anew: for a lock or a listing of its own. */
static inline int ck_open_folder_again(int folder) { return ck_open_folder_in(folder, "."); }

/* Opens what is there, whatever that is: the caller looks at it before it is used. With `makes` an
 * empty file is made where there is none, and it is opened for writing, too. -ELOOP for a link. */
static inline int ck_open_in(int folder, const char *name, int makes) {
  int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  int fd = openat(folder, name, makes ? O_RDWR | O_CREAT | flags : O_RDONLY | flags, 0644);
  return fd < 0 ? -errno : fd;
}

/* -EEXIST when something is there. For its owner's eyes alone. */
static inline int ck_create_private_in(int folder, const char *name) {
  int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  return fd < 0 ? -errno : fd;
}

/* -EEXIST when something is there. Where the file system cannot look and rename in one step
 * (-EINVAL), a second name and the end of the first come to the same. */
static inline int ck_rename_in(int folder, const char *from, const char *to) {
  if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -errno;
  if (linkat(folder, from, folder, to, 0) < 0) return -errno;
  return unlinkat(folder, from, 0) < 0 ? -errno : 0;
}

static inline int ck_remove_in(int folder, const char *name) {
  return unlinkat(folder, name, 0) < 0 ? -errno : 0;
}

/* Which file that is: 1 for a socket, 0 for anything else. */
static inline int ck_socket_file_in(int folder, const char *name, uint64_t *device,
                                    uint64_t *inode) {
  struct stat status;
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) return -errno;
  *device = (uint64_t)status.st_dev;
  *inode = (uint64_t)status.st_ino;
  return S_ISSOCK(status.st_mode) ? 1 : 0;
}

/* 1 when that name still leads to what is open as `fd`. */
static inline int ck_is_still_named(int folder, const char *name, int fd) {
  struct stat named, open;
  if (fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) < 0 || fstat(fd, &open) < 0) return 0;
  return named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

/* Other contents from the first byte on. Whoever reads the first line meanwhile finds the old one
 * or the new one. */
static inline int ck_replace_contents(int fd, const void *bytes, size_t count) {
  ssize_t written;
  do written = pwrite(fd, bytes, count, 0);
  while (written < 0 && errno == EINTR);
  if (written < 0) return -errno;
  if ((size_t)written < count) return -ENOSPC;
  return ftruncate(fd, (off_t)count) < 0 ? -errno : 0;
}

#endif
