/*
 * The page that a worker shares with the supervisor: what it is doing right now, what it has done,
 * and how it died. A C struct, since both processes must agree on its layout and a signal handler
 * writes it. The worker is its only writer; the supervisor trusts nothing in it (a plugin can write
 * anywhere in the worker) and only ever copies numbers out.
 */
#ifndef CKERNEL_PAGE_H
#define CKERNEL_PAGE_H

#include "sockets.h"

/* Which function of the handler a call is in. 0 is none. */
enum ck_hook {
  CK_HOOK_NONE,
  CK_HOOK_CONSTRUCTOR,
  CK_HOOK_DESCRIBE,
  CK_HOOK_LOAD,
  CK_HOOK_OPEN,
  CK_HOOK_GREET,
  CK_HOOK_HANDLE,
  CK_HOOK_EOF,
  CK_HOOK_WRITABLE,
  CK_HOOK_TIMER,
  CK_HOOK_DRAIN,
  CK_HOOK_CLOSE,
  CK_HOOK_UNLOAD,
  CK_HOOK_COUNT
};

/* Limits and shortages, as the counters below number them. */
enum ck_limit {
  CK_LIMIT_CONNECTIONS,   /* in all: clients turned away, or times that accepting waited */
  CK_LIMIT_ADDRESS,       /* clients of one address that were turned away */
  CK_LIMIT_FRAME,         /* connections whose unfinished request outgrew max_frame */
  CK_LIMIT_HIGH_WATER,    /* times that a client was not read any more */
  CK_LIMIT_REPLY,         /* replies that were refused with FULL */
  CK_LIMIT_MEMORY,        /* connections that were closed for it, or replies refused */
  CK_LIMIT_FIRST_BYTE,    /* connections that sent nothing in time */
  CK_LIMIT_IDLE,          /* connections on which nothing moved */
  CK_LIMIT_WRITE,         /* connections that took no byte in time */
  CK_LIMIT_REQUEST,       /* connections whose request was not whole in time */
  CK_LIMIT_AMPLIFICATION, /* datagrams that were not sent, for their size */
  CK_LIMIT_MUTED,         /* datagrams from ports that are never answered */
  CK_LIMIT_RATE,          /* datagrams of a source that was answered often enough: dropped */
  CK_LIMIT_SLOW_CALL,     /* calls of the handler that took too long */
  CK_LIMIT_RESOURCES,     /* times that accepting rested for want of descriptors or memory */
  CK_LIMIT_COUNT
};

/* What a worker waits with. */
enum ck_backend { CK_BACKEND_UNKNOWN, CK_BACKEND_EPOLL, CK_BACKEND_URING };

/* Calls that were running when a worker died, of which that many are kept. */
#define CK_FRAME_COUNT 24

/* One of them. */
typedef struct ck_frame {
  uint64_t address;   /* of an instruction: the one that was hit, or the one to return to */
  uint64_t base;      /* where the module was loaded that it lies in */
  uint32_t in_plugin; /* 1 when that is the plugin */
  char module[28];    /* its file's name, cut; empty when none could be told */
} ck_frame;

typedef struct ck_page {
  /* The call at hand. */
  uint32_t hook;     /* enum ck_hook */
  uint32_t listener; /* of the connection below */
  uint64_t calls;    /* of the handler since the worker started */
  uint64_t connection;
  uint64_t offset; /* of the bytes it was given, in the shared buffers; and how many */
  uint64_t length;
  ck_endpoint peer; /* family 0 until somebody has asked the socket */
  int32_t descriptor; /* the connection's, in the worker */
  uint32_t breach_owed; /* 1 when a breach was counted and the loop has not looked yet */
  uint64_t record_offset; /* of the record of the connection's input; length 0 for none */
  uint64_t record_length;
  uint64_t heartbeat; /* goes up before and after each wait of the loop: odd while it waits */

  /* Written by a dying worker. The thread comes first: whoever stores it may write the rest. */
  uint32_t thread;
  uint32_t in_main_thread; /* 1 when it is the loop's own */
  uint32_t signal;         /* stored when all above and below it, up to the memory, is there */
  uint32_t has_exited;     /* 1 when it called exit in a call of the handler, or in its thread */
  uint32_t sender;         /* the process that sent the signal; 0 when it was none but its own */
  uint32_t fault_access;   /* 0 unknown, 1 a read, 2 a write */
  uint64_t fault_address;
  uint64_t instruction;
  uint64_t data_size; /* bytes of its memory for data, as RLIMIT_DATA counts them; 0 unknown */
  uint32_t frame_count;
  ck_frame frames[CK_FRAME_COUNT]; /* the innermost first */

  uint32_t backend; /* enum ck_backend: what it waits with */

  /* Goes up before and after some of what the plugin printed is thrown away, unread: odd while that
   * is being done. */
  uint32_t printed_gap;

  /* Of a probe: which case it plays, and where it has put the request that handle is looking at. */
  uint32_t probe_case;
  uint32_t probe_cases;
  uint32_t probe_round; /* of a case that does one thing many times; otherwise 0 */
  uint64_t probe_request;
  uint64_t probe_length;

  /* Bytes of data that it had when its plugin was still to be loaded: what --worker-memory allows
   * comes on top. 0 without the option. */
  uint64_t data_start;

  /* Counters, only ever going up, but for the first. */
  uint64_t connections; /* open now */
  uint64_t accepted;    /* = connections + closed */
  uint64_t closed;
  uint64_t requests;
  uint64_t replies;
  uint64_t stale_replies;
  uint64_t misused_replies;
  uint64_t bytes_in;
  uint64_t bytes_out;
  uint64_t dropped_log_lines;
  uint64_t dropped_printed_lines;
  uint64_t datagrams_in;
  uint64_t datagrams_out;
  uint64_t datagram_errors; /* of sending: the datagram is lost */
  uint64_t protocol_errors; /* calls of handle that answered less than 0 */
  uint64_t limits[CK_LIMIT_COUNT];

  uint64_t lost_sockets;    /* of connections, closed by the plugin */
  uint64_t forked_replies;  /* in a child that the plugin forked: nothing was sent */
  uint32_t lost_descriptor; /* which of its own the worker has lost; 0 for none */

  /* Which Portico the worker is of, once it has understood what it is told; 0 until then. Nothing
   * of the plugin has run by that time. */
  uint64_t build;
} ck_page;

/* What a worker exits with that has lost a descriptor of its own. */
#define CK_EXIT_LOST_DESCRIPTOR 71

/* How often a limit was hit; 0 for a number that names none. */
static inline uint64_t ck_limit_count(const ck_page *page, int limit) {
  return limit >= 0 && limit < CK_LIMIT_COUNT ? page->limits[limit] : 0;
}

/* By value, since Swift sees an array in a struct as a tuple. All zero for a number too high. */
static inline ck_frame ck_frame_at(ck_page page, uint32_t number) {
  ck_frame none = {0};
  return number < CK_FRAME_COUNT ? page.frames[number] : none;
}

/* A byte of the name, 0 behind its end. */
static inline uint8_t ck_module_byte(ck_frame frame, uint32_t place) {
  return place < sizeof frame.module ? (uint8_t)frame.module[place] : 0;
}

_Static_assert(sizeof(ck_page) <= 4096, "the page is one page");

/* What stands before the record of a connection's input, in the shared buffers. Behind it `used`
 * bytes of a ring, from `start`: for each call of handle the count of the bytes that were new to
 * it, as 32 bits, and the bytes. */
typedef struct ck_record {
  uint64_t connection;
  uint64_t total;      /* bytes that it has sent and its handler has seen, kept or not */
  uint32_t start;
  uint32_t used;
  uint32_t seen;       /* of the bytes that will be given next, those that were given before */
  uint32_t is_partial; /* 1 when it was begun late: nobody knows how much is missing */
} ck_record;

/* Where the ring begins. */
#define CK_RECORD_HEADER 64
_Static_assert(sizeof(ck_record) <= CK_RECORD_HEADER, "the ring lies behind the header");

#endif
