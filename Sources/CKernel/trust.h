/*
 * Whose a file is and who may write to it, and whether a group is one user's own. The supervisor
 * and the tools ask this before they use a folder or a plugin. Each returns -errno on failure.
 */
#ifndef CKERNEL_TRUST_H
#define CKERNEL_TRUST_H

#include "accounts.h"

#include <sys/xattr.h>

enum ck_ownership_kind { CK_KIND_OTHER, CK_KIND_REGULAR, CK_KIND_FOLDER, CK_KIND_LINK };

typedef struct ck_ownership {
  uint32_t kind; /* enum ck_ownership_kind */
  uint32_t user, group;
  uint32_t mode; /* as chmod(1) has it, four digits */
  uint32_t links;
  /* An access list lets others in: the mode's group bits are then the most that any of them has. */
  uint32_t has_access_list;
} ck_ownership;

static inline void ck_fill_ownership(const struct stat *status, ssize_t list, ck_ownership *into) {
  into->kind = S_ISREG(status->st_mode)   ? CK_KIND_REGULAR
               : S_ISDIR(status->st_mode) ? CK_KIND_FOLDER
               : S_ISLNK(status->st_mode) ? CK_KIND_LINK
                                          : CK_KIND_OTHER;
  into->user = status->st_uid;
  into->group = status->st_gid;
  into->mode = status->st_mode & 07777;
  into->links = status->st_nlink > UINT32_MAX ? UINT32_MAX : (uint32_t)status->st_nlink;
  into->has_access_list = list > 0;
}

/* Of what a path leads to; a link as its last part is not followed. */
static inline int ck_ownership_at(const char *path, ck_ownership *into) {
  struct stat status;
  if (lstat(path, &status) < 0) return -errno;
  ck_fill_ownership(&status, lgetxattr(path, "system.posix_acl_access", NULL, 0), into);
  return 0;
}

/* Of what is open. */
static inline int ck_ownership_of(int fd, ck_ownership *into) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  ck_fill_ownership(&status, fgetxattr(fd, "system.posix_acl_access", NULL, 0), into);
  return 0;
}

/* Does a list of members name anybody but `name`? */
static inline int ck_has_other_member(const struct group *group, const char *name) {
  for (char **member = group->gr_mem; member && *member; member++)
    if (strcmp(*member, name) != 0) return 1;
  return 0;
}

/* 1 for a private group as adduser(8) makes it: it has its user's name, nobody else is a member,
 * and it is the group that the user belongs to first. (A group such as `users` has an empty list of
 * members as well, and everybody belongs to it: the name tells.) 0 otherwise, and for a user
 * without a name. */
static inline int ck_is_private_group(uint32_t group, uint32_t user) {
  char name[256] = "";
  int error = ERANGE, is_private = 0;
  for (size_t size = 1024; error == ERANGE && size <= CK_ACCOUNT_BUFFER_LIMIT; size *= 4) {
    struct passwd entry, *found = NULL;
    char *buffer = malloc(size);
    if (!buffer) return -ENOMEM;
    error = getpwuid_r((uid_t)user, &entry, buffer, size, &found);
    if (!error && found && found->pw_gid == group && strlen(found->pw_name) < sizeof name)
      strcpy(name, found->pw_name);
    free(buffer);
  }
  if (!name[0]) return 0;
  error = ERANGE;
  for (size_t size = 1024; error == ERANGE && size <= CK_ACCOUNT_BUFFER_LIMIT; size *= 4) {
    struct group entry, *found = NULL;
    char *buffer = malloc(size);
    if (!buffer) return -ENOMEM;
    error = getgrgid_r((gid_t)group, &entry, buffer, size, &found);
    is_private =
        !error && found && strcmp(found->gr_name, name) == 0 && !ck_has_other_member(found, name);
    free(buffer);
  }
  return is_private;
}

#endif
