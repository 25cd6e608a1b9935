/* Fixture: answers with the path that the loader knows this plugin by, as a debugger sees it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <portico.h>
#include <string.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  Dl_info info;
  (void)buffer;
  if (dladdr((void *)&handle, &info) != 0) reply(info.dli_fname, strlen(info.dli_fname));
  portico_finish(reply);
  return (ptrdiff_t)len;
}
