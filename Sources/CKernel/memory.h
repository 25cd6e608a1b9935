/*
 * Memory for Swift: sealed memory files, mappings, atomics on raw memory (Swift's own Atomic cannot
 * lie in memory that two processes share), and the thread pointer.
 */
#ifndef CKERNEL_MEMORY_H
#define CKERNEL_MEMORY_H

#include "descriptors.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define CK_SEAL_ALL (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define CK_SEAL_SIZE (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW)

/* memfd_create(2), sealable, closed on exec. */
static inline int ck_memory_file(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd < 0 ? -errno : fd;
}
static inline int ck_resize(int fd, int64_t size) { return ftruncate(fd, size) < 0 ? -errno : 0; }
static inline int ck_seal(int fd, int seals) {
  return fcntl(fd, F_ADD_SEALS, seals) < 0 ? -errno : 0;
}
static inline int ck_seals(int fd) {
  int seals = fcntl(fd, F_GET_SEALS);
  return seals < 0 ? -errno : seals;
}

/* NULL on failure, with -errno in *error: MAP_FAILED is a macro. Through a descriptor that was
 * opened for reading the mapping stays read-only: mprotect(2) answers EACCES. */
static inline void *ck_map_shared(int fd, int64_t offset, size_t size, int writable, int *error) {
  void *at = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                  MAP_SHARED | MAP_NORESERVE, fd, (off_t)offset);
  *error = at == MAP_FAILED ? -errno : 0;
  return at == MAP_FAILED ? NULL : at;
}
static inline void *ck_map_anonymous(size_t size, int *error) {
  void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
  *error = at == MAP_FAILED ? -errno : 0;
  return at == MAP_FAILED ? NULL : at;
}
static inline int ck_unmap(void *at, size_t size) { return munmap(at, size) < 0 ? -errno : 0; }

/* Gives the pages of a memory file's range back to the kernel; they read as zero afterwards. */
static inline int ck_punch(int fd, int64_t offset, int64_t length) {
  return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) < 0 ? -errno : 0;
}

/* The same for memory that is mapped shared: its pages are given back, and read as zeros. */
static inline int ck_give_back(void *start, size_t count) {
  return madvise(start, count, MADV_REMOVE) < 0 ? -errno : 0;
}

/* A child that this process forks does not have the mapping. */
static inline int ck_keep_from_children(void *at, size_t size) {
  return madvise(at, size, MADV_DONTFORK) < 0 ? -errno : 0;
}

/* Identifies the calling thread in one instruction; never NULL. */
static inline const void *ck_this_thread(void) { return __builtin_thread_pointer(); }

static inline uint32_t ck_load_u32(const void *at) {
  return __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);
}
static inline void ck_store_u32(void *at, uint32_t value) {
  __atomic_store_n((uint32_t *)at, value, __ATOMIC_RELEASE);
}
/* Stored before anything that this thread reads afterwards is read. */
static inline void ck_publish_u32(void *at, uint32_t value) {
  __atomic_store_n((uint32_t *)at, value, __ATOMIC_SEQ_CST);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
/* What was read before is read before what follows. */
static inline void ck_load_fence(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
/* Returns the value before. */
static inline uint32_t ck_add_u32(void *at, uint32_t value) {
  return __atomic_fetch_add((uint32_t *)at, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t ck_exchange_u32(void *at, uint32_t value) {
  return __atomic_exchange_n((uint32_t *)at, value, __ATOMIC_ACQ_REL);
}
/* 1 and stored when *at was `expected`; otherwise 0, nothing is stored. */
static inline int ck_compare_exchange_u32(void *at, uint32_t expected, uint32_t value) {
  return __atomic_compare_exchange_n((uint32_t *)at, &expected, value, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE);
}
static inline uint64_t ck_load_u64(const void *at) {
  return __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
}
static inline void ck_store_u64(void *at, uint64_t value) {
  __atomic_store_n((uint64_t *)at, value, __ATOMIC_RELAXED);
}
static inline uint64_t ck_add_u64(void *at, uint64_t value) {
  return __atomic_fetch_add((uint64_t *)at, value, __ATOMIC_RELAXED);
}

#endif
