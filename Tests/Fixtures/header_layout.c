/* Promise: what version 1 laid down stays where it is, on every LP64 system. Compiling is the test.
 * A later version appends lines here, together with the members, and changes none. */
#include <portico.h>

#define AT(type, member, offset, bytes)                                                     \
  _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved");       \
  _Static_assert(sizeof(((type *)0)->member) == (bytes), #type "." #member " has another size")
#define IS(value, expected) _Static_assert((value) == (expected), #value " has changed")

IS(sizeof(void *), 8);
IS(sizeof(size_t), 8);
IS(sizeof(portico_reply), 8);

IS(PORTICO_ABI_MAJOR, 1);
IS(PORTICO_MAGIC, 0x43545250u);
IS(PORTICO_FINISH, SIZE_MAX);
IS(PORTICO_GONE, -1);
IS(PORTICO_FULL, -2);
IS(PORTICO_MISUSE, -3);
IS(PORTICO_TOO_BIG, -4);
IS(PORTICO_TCP, 1u);
IS(PORTICO_UDP, 2u);
IS(PORTICO_UNIX, 3u);
IS(PORTICO_LOG_TRACE, 0);
IS(PORTICO_LOG_DEBUG, 1);
IS(PORTICO_LOG_INFO, 2);
IS(PORTICO_LOG_WARNING, 3);
IS(PORTICO_LOG_ERROR, 4);
IS(PORTICO_INLINE, 1u);
IS(PORTICO_FORGETS, 2u);
IS(PORTICO_SHARDED, 4u);
IS(PORTICO_CONCURRENT, 8u);

AT(portico_info, size, 0, 4);
AT(portico_info, transport, 4, 4);
AT(portico_info, id, 8, 8);
AT(portico_info, peer, 16, 8);
AT(portico_info, local, 24, 8);
AT(portico_info, listener, 32, 8);
AT(portico_info, peer_address, 40, 16);
AT(portico_info, local_address, 56, 16);
AT(portico_info, peer_port, 72, 2);
AT(portico_info, local_port, 74, 2);
AT(portico_info, family, 76, 2);
AT(portico_info, reserved, 78, 2);
IS(sizeof(portico_info), 80);

AT(portico_host, size, 0, 4);
AT(portico_host, abi_major, 4, 2);
AT(portico_host, abi_minor, 6, 2);
AT(portico_host, version, 8, 8);
AT(portico_host, info, 16, 8);
AT(portico_host, setting, 24, 8);
AT(portico_host, config, 32, 8);
AT(portico_host, log, 40, 8);
AT(portico_host, log_enabled, 48, 8);
AT(portico_host, state, 56, 8);
AT(portico_host, pending, 64, 8);
AT(portico_host, need, 72, 8);
AT(portico_host, pause, 80, 8);
AT(portico_host, timer, 88, 8);
AT(portico_host, abort, 96, 8);
AT(portico_host, extension, 104, 8);
AT(portico_host, high_water, 112, 8);
IS(sizeof(portico_host), 120);

AT(portico_descriptor, magic, 0, 4);
AT(portico_descriptor, size, 4, 4);
AT(portico_descriptor, abi_major, 8, 2);
AT(portico_descriptor, abi_minor, 10, 2);
AT(portico_descriptor, reserved, 12, 4);
AT(portico_descriptor, flags, 16, 8);
AT(portico_descriptor, name, 24, 8);
AT(portico_descriptor, version, 32, 8);
AT(portico_descriptor, description, 40, 8);
AT(portico_descriptor, compiler, 48, 8);
AT(portico_descriptor, max_frame, 56, 8);
AT(portico_descriptor, on_load, 64, 8);
AT(portico_descriptor, on_open, 72, 8);
AT(portico_descriptor, on_greet, 80, 8);
AT(portico_descriptor, on_eof, 88, 8);
AT(portico_descriptor, on_writable, 96, 8);
AT(portico_descriptor, on_timer, 104, 8);
AT(portico_descriptor, on_drain, 112, 8);
AT(portico_descriptor, on_close, 120, 8);
AT(portico_descriptor, on_unload, 128, 8);
IS(sizeof(portico_descriptor), 136);
