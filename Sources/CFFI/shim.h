/*
 * libffi for Swift. Its ffi_type_* are mutable C globals, which Swift 6 refuses to touch; and the
 * one call interface that replies have is built here, once.
 */
#ifndef CFFI_SHIM_H
#define CFFI_SHIM_H

#include <ffi.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Describes int64_t (*)(const void *, size_t) in *cif; `types` must live as long as it does.
 * Returns 0, or libffi's status. */
static inline int cffi_prepare_reply(ffi_cif *cif, ffi_type *types[2]) {
  types[0] = &ffi_type_pointer;
  types[1] = sizeof(size_t) == 8 ? &ffi_type_uint64 : &ffi_type_uint32;
  return (int)ffi_prep_cif(cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint64, types);
}

typedef void (*cffi_target)(ffi_cif *cif, void *result, void **arguments, void *user);

/* Prepares the closure at `data`, whose code will be called at `code`. */
static inline int cffi_prepare_closure(void *data, ffi_cif *cif, cffi_target target, void *user,
                                       void *code) {
  return (int)ffi_prep_closure_loc((ffi_closure *)data, cif, target, user, code);
}

/* What a closure that has been shortened calls: the arguments as they were given, and `user`. */
typedef int64_t (*cffi_direct)(const void *bytes, uintptr_t length, void *user);

#if defined(__x86_64__) && defined(__LP64__)
/* What libffi's trampoline jumps to, with the closure's code address in r10. libffi's own goes
 * through the description of the call and moves each argument to memory and back: 320 instructions.
 * One of two arguments in registers needs none of it: what is bound becomes the third. */
__attribute__((naked)) static void cffi_enter(void) {
  __asm__("endbr64\n\t"
          "movq %c0(%%r10), %%rdx\n\t"
          "jmpq *%c1(%%r10)"
          :
          : "i"(offsetof(ffi_closure, user_data)), "i"(offsetof(ffi_closure, fun)));
}
#endif

/* Has the closure at `data`, which is prepared, call `direct` without libffi's marshalling. Returns
 * 0, or -1 where that cannot be: another processor, or a libffi whose trampolines are not the
 * ones known here (of 3.4 on x86-64: endbr64; lea closure(%rip), %r10; jmp *target(%rip)). */
static inline int cffi_shorten_closure(void *data, cffi_direct direct) {
#if defined(__x86_64__) && defined(__LP64__)
  static const uint8_t known[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x4c, 0x8d, 0x15, 0xf5, 0xff,
                                  0xff, 0xff, 0xff, 0x25, 0x07, 0x00, 0x00, 0x00};
  enum { target = sizeof known + 7 };
  void (*const enter)(void) = cffi_enter;
  ffi_closure *closure = (ffi_closure *)data;
  _Static_assert(target + sizeof enter <= FFI_TRAMPOLINE_SIZE, "the target lies in the trampoline");
  if (memcmp(data, known, sizeof known) != 0) return -1;
  closure->fun = (cffi_target)(void (*)(void))direct;
  memcpy((uint8_t *)data + target, &enter, sizeof enter);
  return 0;
#else
  (void)data, (void)direct;
  return -1;
#endif
}

static inline size_t cffi_closure_size(void) { return sizeof(ffi_closure); }

/* Writes the result slot the way libffi wants a 64-bit integer. */
static inline void cffi_return(void *result, int64_t value) { *(int64_t *)result = value; }

#endif
