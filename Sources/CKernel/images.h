/*
 * Loading shared libraries, for Swift: dladdr1 and dlinfo return through void pointers whose type
 * depends on a request number.
 */
#ifndef CKERNEL_IMAGES_H
#define CKERNEL_IMAGES_H

#include "descriptors.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

/* Loads for good: a plugin is never unloaded. NULL on failure, see ck_load_error. */
static inline void *ck_load(const char *path) {
  return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

/* 1 when a library of that name is in this process already: nothing is loaded. */
static inline int ck_is_loaded(const char *name) {
  void *image = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
  if (image) dlclose(image);
  return image != NULL;
}

/* The path of such a library; NULL when it is not there. Valid as long as it is loaded. */
static inline const char *ck_path_of_loaded(const char *name) {
  struct link_map *map = NULL;
  void *image = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
  if (!image) return NULL;
  const char *path = dlinfo(image, RTLD_DI_LINKMAP, &map) == 0 ? map->l_name : NULL;
  dlclose(image);
  return path;
}

static inline const char *ck_load_error(void) {
  const char *text = dlerror();
  return text ? text : "unknown error";
}

static inline void *ck_symbol(void *image, const char *name) { return dlsym(image, name); }

/* 1 when `address` lies in the very image that `image` names, not in a library it needs. */
static inline int ck_is_in_image(void *image, const void *address) {
  struct link_map *own = NULL;
  struct link_map *found = NULL;
  Dl_info info;
  if (dlinfo(image, RTLD_DI_LINKMAP, &own) != 0) return 0;
  if (!dladdr1(address, &info, (void **)&found, RTLD_DL_LINKMAP)) return 0;
  return own == found;
}

/* A handler's printf goes to a pipe: line by line, or it would show up much later or never. */
static inline void ck_line_buffer_output(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stderr, NULL, _IOLBF, 0);
}

static inline void ck_flush_output(void) { fflush(NULL); }

#endif
