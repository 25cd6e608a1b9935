/*
 * Making files and folders by path, each only where nothing is yet: what `portico new` writes.
 * Nothing here ever replaces or follows what is there. Each function returns 0 or a descriptor, or
 * -errno. That rename replaces an empty folder, and only an empty one, is POSIX.
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

/* For its owner's eyes alone. */
static inline int ck_create_private_file(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  return fd < 0 ? -errno : fd;
}

/* -EEXIST when something is there. Where the file system cannot look and rename in one step
 * (-EINVAL), a second name and the end of the first come to the same. */
static inline int ck_rename_file(const char *from, const char *to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -errno;
  if (link(from, to) < 0) return -errno;
  return unlink(from) < 0 ? -errno : 0;
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

#endif
