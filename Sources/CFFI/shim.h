/*
 * libffi for Swift. Its ffi_type_* are mutable C globals, which Swift 6 refuses to touch; and the
 * one call interface that replies have is built here, once.
 */
#ifndef CFFI_SHIM_H
#define CFFI_SHIM_H

#include <ffi.h>
#include <stdint.h>

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

static inline size_t cffi_closure_size(void) { return sizeof(ffi_closure); }
static inline void *cffi_closure_user(const void *data) {
  return ((const ffi_closure *)data)->user_data;
}

/* Writes the result slot the way libffi wants a 64-bit integer. */
static inline void cffi_return(void *result, int64_t value) { *(int64_t *)result = value; }

#endif
