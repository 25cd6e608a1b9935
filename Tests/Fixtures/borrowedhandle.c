/* Promise: a handle() that dlsym finds only in a library the plugin needs is refused. Link with
 *     cc -shared -fPIC -o libborrowed.so libborrowed.c
 *     cc -shared -fPIC -o borrowedhandle.so borrowedhandle.c -L. -lborrowed */
#include <portico.h>

/* Used, so that no linker drops the library as not needed. */
extern const char *const borrowed_name;

const portico_descriptor *portico_describe(void) {
  static portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .version = "1.0"};
  descriptor.name = borrowed_name;
  return &descriptor;
}
