/*
 * A program, not a plugin: on a kernel without PR_SET_MDWE a worker falls back to a seccomp filter.
 * Under it no mapping may be writable and executable, and libffi must still make closures.
 */
#include "../../Sources/CKernel/process.h"

#include <ffi.h>
#include <stdio.h>

static void target(ffi_cif *cif, void *result, void **arguments, void *user) {
  (void)cif;
  (void)arguments;
  *(ffi_sarg *)result = (ffi_sarg)(intptr_t)user;
}

int main(void) {
  static ffi_cif cif;
  static ffi_type *types[1];
  void *code = NULL;
  int failure = ck_filter_exec_gain();
  if (failure != 0) return printf("no filter: %s\n", strerror(-failure)), 1;
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page != MAP_FAILED) return puts("a writable and executable page was mapped"), 1;
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return puts("an ordinary page was not mapped"), 1;
  if (mprotect(page, 4096, PROT_WRITE | PROT_EXEC) == 0)
    return puts("a page became writable and executable"), 1;
  ffi_closure *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
  if (!closure || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_sint64, types) != FFI_OK ||
      ffi_prep_closure_loc(closure, &cif, target, (void *)42, code) != FFI_OK)
    return puts("libffi made no closure"), 1;
  if (((int64_t (*)(void))code)() != 42) return puts("the closure answered something else"), 1;
  puts("filtered");
  return 0;
}
