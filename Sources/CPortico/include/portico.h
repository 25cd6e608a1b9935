/*
 * portico.h - the handler ABI of Portico, version 1.2. This file is the whole of it.
 *
 * A plugin is a shared library that exports one function, handle(). Build it with
 *
 *     cc -shared -fPIC -o echo.so echo.c          and serve it with
 *     portico --plugin ./echo.so
 *
 * THE CALL SEQUENCE, for a worker process and for each connection in it:
 *
 *     dlopen                     the plugin's constructors run
 *     portico_describe()         optional: name, flags, hooks (once)
 *     on_load(host, ...)         optional: read settings, refuse to serve (once)
 *     |
 *     |   on_open(info, reply)       a client is there (may come as late as its first byte)
 *     |   on_greet(state, reply)     only for a handler that speaks first
 *     |   handle(bytes, len, reply)  for each request, as long as bytes are consumed and remain
 *     |   on_writable, on_timer      when asked for
 *     |   on_eof(state, reply)       the client will send no more
 *     |   on_drain(state, reply)     the host wants to end: say goodbye
 *     |   on_close(state, reply)     exactly once for each on_open
 *     |
 *     on_unload()                optional: the worker is about to exit (once)
 *
 * Every hook is optional. A plugin is never unloaded from a running process: a reload is a new
 * worker process, which loads the new file.
 *
 * THREAD TAGS. [host] means: the host calls it, on no particular thread, but never twice at once
 * for one connection, and never twice at once in one worker unless the handler promised
 * PORTICO_CONCURRENT. Calls never nest: no hook runs inside another call of the handler.
 * [in call] means: you may call it on the thread that the host called you on, before you return.
 * [any thread] means: you may call it from every thread at any time after on_load was entered.
 *
 * OWNERSHIP. What the host passes in stays the host's and is valid until the call returns, if
 * nothing else is said. What you pass in is copied before the call returns.
 *
 * VERSIONS. Structs only ever grow at their end. Each starts with its size; whoever reads one
 * reads the smaller of both sides' sizes and takes the rest as zero. A plugin compiled against any
 * 1.x header runs on any 1.y host. The host refuses a wrong magic or a newer major version.
 *
 * A plugin is trusted code: it runs in the worker process with the worker's rights.
 *
 * C89 with <stddef.h> and <stdint.h>; also C11, C++17, and Swift through a module map.
 */
#ifndef PORTICO_H
#define PORTICO_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wnullability-extension"
#define PORTICO_NONNULL _Nonnull
#define PORTICO_NULLABLE _Nullable
#else
#define PORTICO_NONNULL
#define PORTICO_NULLABLE
#endif

#if defined(__GNUC__)
#define PORTICO_EXPORT __attribute__((visibility("default")))
#define PORTICO_HEADER_INLINE static __inline__
#else
#define PORTICO_EXPORT
#define PORTICO_HEADER_INLINE static
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. Major: incompatible. Minor: something was appended. */
#define PORTICO_ABI_MAJOR 1
#define PORTICO_ABI_MINOR 2

/* First word of a descriptor: "PRTC" read as a little-endian number. */
#define PORTICO_MAGIC 0x43545250u

/* ---------------------------------------------------------------------------------------------
 * Replies
 */

/*
 * A reply: a function bound to one connection (or to one datagram), and also that connection's
 * name wherever this ABI asks for one. Compare two with ==.
 *
 * reply(data, len), len > 0    Copies len bytes from data, all or nothing, to be sent in order.
 *                              For a datagram: sends exactly one datagram of len bytes.
 * reply(data, 0)               Stream: sends nothing. Datagram: sends an empty datagram.
 *                              data may be NULL (an empty vector often is).
 * reply(NULL, PORTICO_FINISH)  Finish: send what is queued, then close. No more calls of handle;
 *                              what the client still sends is discarded. See portico_finish().
 *                              On a datagram, which has nothing to finish: PORTICO_MISUSE.
 *
 * A datagram's reply ends with the call that passed it, for every handler; while that lasts other
 * threads may use it, but what they send beyond a limit is dropped without a word. It answers 0.
 *
 * Returns, when >= 0: the bytes that now wait in the host for this client. Otherwise one of the
 * four codes below, and nothing was queued.
 *
 * [any thread], inside handle or after it, and for ever after the connection has gone: it then
 * answers PORTICO_GONE, however often. It never blocks. One thread's replies keep their order;
 * no reply is split by another. (A flag below may narrow when a handler uses a reply; the host
 * then gives more in return.)
 */
typedef int64_t (*portico_reply)(const void *PORTICO_NULLABLE data, size_t len);

/* reply(NULL, PORTICO_FINISH): the length that means finish. */
#define PORTICO_FINISH ((size_t)-1)

/* The connection is closed or finished, the datagram's call is over, or its sender's port is one
 * that the host never answers (--udp-mute). Harmless. */
#define PORTICO_GONE (-1)
/* This client does not read: its queue is at the hard limit (16 MiB). Wait for on_writable; on a
 * stream whose handler has no on_writable the host aborts the connection after the call, since a
 * hole in the stream would be worse. On a datagram: the sender, who may be forged, is not worth
 * that many bytes (--udp-amplification); this one reply is not sent. */
#define PORTICO_FULL (-2)
/* Not allowed here: for example a reply of a PORTICO_INLINE handler outside its call, or any reply
 * in a process that the handler has forked, where nothing is sent. Counted. */
#define PORTICO_MISUSE (-3)
/* This one reply could never fit: longer than the hard limit, or than a datagram can be (65,507
 * bytes over IPv4, 65,527 over IPv6). */
#define PORTICO_TOO_BIG (-4)

/* Finish the connection: sends what is queued, then closes. Returns as reply does. [any thread] */
PORTICO_HEADER_INLINE int64_t portico_finish(portico_reply PORTICO_NONNULL reply) {
  return reply(NULL, PORTICO_FINISH);
}

/* ---------------------------------------------------------------------------------------------
 * The one mandatory function
 */

/*
 * Answers bytes from a client. MANDATORY; it must be defined in the plugin itself. [host]
 *
 * buffer  On a stream: all bytes not consumed yet, contiguous. On a datagram: the whole datagram,
 *         never split or merged. buffer[len] may be read, is NUL, and is not data. Valid until
 *         handle returns; do not write to it.
 * len     How many bytes; at least 1 on a stream, possibly 0 for a datagram.
 * reply   Answers this client. See above for how long it may be used.
 *
 * Returns on a stream:
 *   1 ... len   that many bytes were consumed; called again at once if bytes remain
 *   0           needs more: called again when more has arrived. Once len is 4 KiB or more, the
 *               host waits until it has grown by an eighth, or for 2 ms, or as need() said.
 *               After PORTICO_FULL, or while this client's output is above the low-water mark
 *               (64 KiB): called again when that ends
 *   < 0         protocol error: replies so far are sent, then the connection closes; logged
 *   > len       a mistake of the handler's: logged by its name, and the connection closes
 * For a datagram the value only counts errors (< 0). It has no connection: of the hooks only
 * on_load, on_timer for the worker, and on_unload are called; max_frame does not bound it.
 *
 * A frame that outgrows max_frame (1 MiB by default) closes the connection, logged.
 */
PORTICO_EXPORT ptrdiff_t handle(const void *PORTICO_NONNULL buffer, size_t len,
                                portico_reply PORTICO_NONNULL reply);

/* ---------------------------------------------------------------------------------------------
 * What a hook learns about a client
 */

/* portico_info.transport */
#define PORTICO_TCP 1u
#define PORTICO_UDP 2u
#define PORTICO_UNIX 3u

typedef struct portico_info {
  uint32_t size;      /* of this struct, in bytes, as the host knows it */
  uint32_t transport; /* PORTICO_TCP, PORTICO_UDP or PORTICO_UNIX */
  uint64_t id;        /* of the connection or datagram; never repeated in a worker */
  /* Texts are NUL-terminated. peer and local are "192.0.2.1:4711" or "[2001:db8::1]:4711"; a
   * dual-stack listener shows IPv4 peers unmapped. For a Unix socket peer is "unix". */
  const char *PORTICO_NONNULL peer;
  const char *PORTICO_NONNULL local;
  const char *PORTICO_NONNULL listener; /* the listener's URI: "tcp://[::]:7788" */
  uint8_t peer_address[16];             /* network order; IPv4 in the first 4 bytes */
  uint8_t local_address[16];
  uint16_t peer_port; /* host order; 0 for a Unix socket */
  uint16_t local_port;
  uint16_t family; /* 4, 6, or 0 for a Unix socket */
  uint16_t reserved;
} portico_info;

/* ---------------------------------------------------------------------------------------------
 * What the host offers: a table that arrives in on_load
 */

/* portico_host.log: levels */
#define PORTICO_LOG_TRACE 0
#define PORTICO_LOG_DEBUG 1
#define PORTICO_LOG_INFO 2
#define PORTICO_LOG_WARNING 3
#define PORTICO_LOG_ERROR 4

/* The table and everything in it is valid for the life of the process. Check size (or the minor
 * version) before you use a member that a later version appended. No member is NULL. */
typedef struct portico_host {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  const char *PORTICO_NONNULL version; /* the host's own: "0.1.0" */

  /* Who is behind this reply. Returns NULL when that connection has gone (in on_close too), or
   * outside a call. The struct and its texts are valid until the current call returns. [in call] */
  const portico_info *PORTICO_NULLABLE (*PORTICO_NONNULL info)(portico_reply PORTICO_NONNULL reply);

  /* The value of --set KEY=VALUE, NUL-terminated, valid for the life of the process; NULL when it
   * was not given. Ask for every key you know in on_load: a key that was given and that nobody
   * asked for by then stops the start with an error that lists those that were. [any thread] */
  const char *PORTICO_NULLABLE (*PORTICO_NONNULL setting)(const char *PORTICO_NONNULL key);

  /* The bytes of --handler-config, verbatim, with a NUL behind them, valid for the life of the
   * process; their number goes to *length. NULL and 0 without that option. [any thread] */
  const void *PORTICO_NULLABLE (*PORTICO_NONNULL config)(size_t *PORTICO_NONNULL length);

  /* Writes length bytes of UTF-8 to the log at a level, with the handler's name, and with the
   * connection and its peer if reply is not NULL. The host escapes control characters and
   * malformed bytes, so client data may be logged as it is. Never blocks; lines that cannot be
   * written are dropped and counted. [any thread] */
  void (*PORTICO_NONNULL log)(portico_reply PORTICO_NULLABLE reply, int32_t level,
                              const char *PORTICO_NULLABLE text, size_t length);

  /* Non-zero when a message at that level would be written: ask before building one.
   * [any thread] */
  int32_t (*PORTICO_NONNULL log_enabled)(int32_t level);

  /* What on_open returned for this connection; NULL without on_open, for a datagram, or when it has
   * gone. [in call] */
  void *PORTICO_NULLABLE (*PORTICO_NONNULL state)(portico_reply PORTICO_NONNULL reply);

  /* Bytes that wait in the host for this client (0 for a datagram), or PORTICO_GONE.
   * [any thread] */
  int64_t (*PORTICO_NONNULL pending)(portico_reply PORTICO_NONNULL reply);

  /* Do not call handle for this stream before `total` unconsumed bytes are there (or its input
   * has ended). Holds once. Returns 0, PORTICO_GONE, PORTICO_MISUSE for a datagram, or
   * PORTICO_TOO_BIG when total is above max_frame. [in call] */
  int32_t (*PORTICO_NONNULL need)(portico_reply PORTICO_NONNULL reply, size_t total);

  /* paused != 0: read nothing from this client and do not call handle for it, until called again
   * with 0. Returns 0, PORTICO_GONE, or PORTICO_MISUSE (a datagram, or in a forked child).
   * [any thread] */
  int32_t (*PORTICO_NONNULL pause)(portico_reply PORTICO_NONNULL reply, int32_t paused);

  /* Calls on_timer for this connection once, after that many milliseconds (at least 1), in place
   * of a timer it already has; 0 takes that back. A NULL reply is the worker's own timer, which
   * calls on_timer(NULL, NULL). Returns 0, PORTICO_GONE, or PORTICO_MISUSE (a datagram, or no
   * on_timer). [in call] */
  int32_t (*PORTICO_NONNULL timer)(portico_reply PORTICO_NULLABLE reply, uint64_t milliseconds);

  /* Ends the connection at once: what is queued is thrown away and the client sees a reset (over a
   * Unix socket, which has none, an end). Returns 0, PORTICO_GONE, or PORTICO_MISUSE (a datagram,
   * or in a forked child). [any thread] */
  int32_t (*PORTICO_NONNULL abort)(portico_reply PORTICO_NONNULL reply);

  /* A further table by name, or NULL when this host has none of that name. [any thread] */
  const void *PORTICO_NULLABLE (*PORTICO_NONNULL extension)(const char *PORTICO_NONNULL id);

  /* Since 1.1. Bytes that may wait for a client before it counts as one that does not read
   * (--high-water). A handler with much to send stops once reply answers more, and goes on in
   * on_writable: then a slow client costs little more than this many bytes. */
  size_t high_water;
} portico_host;

/* ---------------------------------------------------------------------------------------------
 * What a plugin may say of itself
 */

/*
 * Flags: promises of the handler. Without them the host assumes the worst, so that a naive handler
 * is right. A broken promise never sends a byte to another client as long as the promise below it
 * is kept; breaches are counted and logged with the handler's name.
 */

/* Uses a reply only during the very call that passed it. The host re-issues reply addresses at
 * once; any other use answers PORTICO_MISUSE. */
#define PORTICO_INLINE 0x1u
/* Never uses a reply after its on_close returned. The host re-issues its address after that. */
#define PORTICO_FORGETS 0x2u
/* Is right when several worker processes each run their own copy. The host then starts one worker
 * a core by default; otherwise one. */
#define PORTICO_SHARDED 0x4u
/* Calls for different connections may overlap. (No 1.x host makes use of it so far.) */
#define PORTICO_CONCURRENT 0x8u
/* Since 1.2. No promise, but a word to `portico test`: what one client sends changes what others
 * get, on purpose, as in a chat. */
#define PORTICO_COUPLED 0x10u

typedef struct portico_descriptor {
  uint32_t magic;     /* PORTICO_MAGIC */
  uint32_t size;      /* sizeof(portico_descriptor) when the plugin was compiled */
  uint16_t abi_major; /* PORTICO_ABI_MAJOR */
  uint16_t abi_minor; /* PORTICO_ABI_MINOR */
  uint32_t reserved;  /* 0 */
  uint64_t flags;     /* of the above, or-ed */
  /* Texts: NUL-terminated UTF-8, each may be NULL. name defaults to the file's. */
  const char *PORTICO_NULLABLE name;
  const char *PORTICO_NULLABLE version;
  const char *PORTICO_NULLABLE description; /* one line */
  const char *PORTICO_NULLABLE compiler;    /* PORTICO_COMPILER */
  uint64_t max_frame;                       /* bytes; 0 means the host's limit */

  /* Before anything is served. Return 0 to accept. Anything else refuses: write the reason, as one
   * NUL-terminated line, to error, which has room for error_size bytes (at least 256). [host] */
  int32_t (*PORTICO_NULLABLE on_load)(const portico_host *PORTICO_NONNULL host,
                                      char *PORTICO_NONNULL error, size_t error_size);

  /* A client is there. Returns the connection's state, passed to every later hook; NULL is fine.
   * Not called for a client that ends without a byte, unless on_greet or on_eof is there. [host] */
  void *PORTICO_NULLABLE (*PORTICO_NULLABLE on_open)(const portico_info *PORTICO_NONNULL info,
                                                     portico_reply PORTICO_NONNULL reply);

  /* The server speaks first. Having this hook makes the host accept clients before they send
   * anything. [host] */
  void (*PORTICO_NULLABLE on_greet)(void *PORTICO_NULLABLE state,
                                    portico_reply PORTICO_NONNULL reply);

  /* The client has shut down its sending side (or never sent anything and did). Replies still
   * reach it. Without this hook the connection finishes when its output is empty (PORTICO_INLINE)
   * or after 2 s without a reply. With it, a PORTICO_INLINE handler's connection finishes
   * after the call; otherwise it is the handler's to finish. [host] */
  void (*PORTICO_NULLABLE on_eof)(void *PORTICO_NULLABLE state,
                                  portico_reply PORTICO_NONNULL reply);

  /* After a PORTICO_FULL, or (since 1.1) a reply that answered more than host->high_water: most of
   * what waited has gone (it is below the low-water mark). [host] */
  void (*PORTICO_NULLABLE on_writable)(void *PORTICO_NULLABLE state,
                                       portico_reply PORTICO_NONNULL reply);

  /* The timer set with host->timer. Both NULL for the worker's own. [host] */
  void (*PORTICO_NULLABLE on_timer)(void *PORTICO_NULLABLE state,
                                    portico_reply PORTICO_NULLABLE reply);

  /* The host ends this connection soon: a chance to say goodbye or to finish. [host] */
  void (*PORTICO_NULLABLE on_drain)(void *PORTICO_NULLABLE state,
                                    portico_reply PORTICO_NONNULL reply);

  /* The connection has ended, for whatever reason; exactly once for each on_open, and without
   * on_open once for each connection that another call was made for. Free the state here. reply
   * already answers PORTICO_GONE; it is passed as the connection's name. [host] */
  void (*PORTICO_NULLABLE on_close)(void *PORTICO_NULLABLE state,
                                    portico_reply PORTICO_NONNULL reply);

  /* The last call: every on_close has returned and the worker exits next. [host] */
  void (*PORTICO_NULLABLE on_unload)(void);
} portico_descriptor;

/* The first members of a descriptor, so that one can be written as
 *     static const portico_descriptor d = {PORTICO_DESCRIPTOR_HEAD, .name = "echo"};
 * (C++ before 20 has no designated members, and no C++ mixes them with others: there, start with
 * portico_descriptor d = {PORTICO_DESCRIPTOR_HEAD}; and assign the rest.) */
#define PORTICO_DESCRIPTOR_HEAD                                                                   \
  PORTICO_MAGIC, (uint32_t)sizeof(portico_descriptor), PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR, 0

/* What compiled the plugin, for portico_descriptor.compiler. */
#if defined(__VERSION__)
#define PORTICO_COMPILER __VERSION__
#else
#define PORTICO_COMPILER "unknown"
#endif

/* OPTIONAL. Returns a descriptor that stays valid for the life of the process; called once, before
 * on_load. A plugin without it has no flags and no hooks. [host] */
PORTICO_EXPORT const portico_descriptor *PORTICO_NONNULL portico_describe(void);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif /* PORTICO_H */
