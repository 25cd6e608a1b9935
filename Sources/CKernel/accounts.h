/*
 * Users and groups by name, for the supervisor: it looks them up before anything is served, and
 * workers get numbers. The reentrant calls want a buffer whose size nobody knows beforehand, so it
 * grows here.
 */
#ifndef CKERNEL_ACCOUNTS_H
#define CKERNEL_ACCOUNTS_H

#include "descriptors.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* Enough for any account that is real; a directory service that wants more is at fault. */
#define CK_ACCOUNT_BUFFER_LIMIT (1u << 20)

/* What passwd(5) says of a user. A name or folder that is too long for these is left empty. */
typedef struct ck_account {
  uint32_t user, group;
  char name[256];
  char home[4096];
} ck_account;

static inline void ck_copy_text(char *to, size_t size, const char *from) {
  size_t length = strlen(from);
  if (length < size) memcpy(to, from, length + 1);
}

/* A user by name, or by number when name is NULL: 1 when it is there, 0 when there is none. */
static inline int ck_find_user(const char *name, uint32_t number, ck_account *account) {
  memset(account, 0, sizeof *account);
  int error = ERANGE;
  for (size_t size = 1024; error == ERANGE && size <= CK_ACCOUNT_BUFFER_LIMIT; size *= 4) {
    struct passwd entry, *found = NULL;
    char *buffer = malloc(size);
    if (!buffer) return -ENOMEM;
    error = name ? getpwnam_r(name, &entry, buffer, size, &found)
                 : getpwuid_r((uid_t)number, &entry, buffer, size, &found);
    if (!error && found) {
      account->user = found->pw_uid;
      account->group = found->pw_gid;
      ck_copy_text(account->name, sizeof account->name, found->pw_name);
      ck_copy_text(account->home, sizeof account->home, found->pw_dir);
    }
    free(buffer);
    if (!error) return found ? 1 : 0;
  }
  /* Some of what is behind these calls says "no such name" like that. */
  return error == ENOENT || error == ESRCH ? 0 : -error;
}

/* A group by name: 1 with its number set, 0 when there is none. */
static inline int ck_find_group(const char *name, uint32_t *group) {
  int error = ERANGE;
  for (size_t size = 1024; error == ERANGE && size <= CK_ACCOUNT_BUFFER_LIMIT; size *= 4) {
    struct group entry, *found = NULL;
    char *buffer = malloc(size);
    if (!buffer) return -ENOMEM;
    error = getgrnam_r(name, &entry, buffer, size, &found);
    if (!error && found) *group = found->gr_gid;
    free(buffer);
    if (!error) return found ? 1 : 0;
  }
  return error == ENOENT || error == ESRCH ? 0 : -error;
}

#endif
