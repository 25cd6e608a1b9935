/* Promise: a library that exports no handle() is refused, and the sentence says what is missing. */
#include <portico.h>

static const portico_descriptor descriptor = {PORTICO_DESCRIPTOR_HEAD, .name = "nohandle"};

const portico_descriptor *portico_describe(void) { return &descriptor; }
