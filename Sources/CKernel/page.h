/*
 * The page that a worker shares with the supervisor: what it is doing right now, what it has done,
 * and how it died. A C struct, since both processes must agree on its layout and a signal handler
 * writes it. The worker is its only writer; the supervisor trusts nothing in it (a plugin can write
 * anywhere in the worker) and only ever copies numbers out.
 */
#ifndef CKERNEL_PAGE_H
#define CKERNEL_PAGE_H

#include "sockets.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <ucontext.h>

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
  CK_LIMIT_AMPLIFICATION, /* datagrams that were not sent, for their size */
  CK_LIMIT_MUTED,         /* datagrams from ports that are never answered */
  CK_LIMIT_SLOW_CALL,     /* calls of the handler that took too long */
  CK_LIMIT_RESOURCES,     /* times that accepting rested for want of descriptors or memory */
  CK_LIMIT_COUNT
};

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

  /* Written by the signal handler of a dying worker. */
  uint32_t signal;
  uint32_t in_main_thread; /* 1 when the loop's own thread was hit */
  uint64_t fault_address;
  uint64_t instruction;
  uint32_t fault_access; /* 0 unknown, 1 a read, 2 a write */

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
  uint64_t datagrams_in;
  uint64_t datagrams_out;
  uint64_t datagram_errors; /* of sending: the datagram is lost */
  uint64_t protocol_errors; /* calls of handle that answered less than 0 */
  uint64_t limits[CK_LIMIT_COUNT];
} ck_page;

/* How often a limit was hit; 0 for a number that names none. */
static inline uint64_t ck_limit_count(const ck_page *page, int limit) {
  return limit >= 0 && limit < CK_LIMIT_COUNT ? page->limits[limit] : 0;
}

_Static_assert(sizeof(ck_page) <= 4096, "the page is one page");

/* Where a dying worker writes, and which thread runs its loop: set before the handlers are
 * installed, never changed after. (Inside a function, since Swift emits no variable that only C
 * refers to.) */
typedef struct ck_crash_target {
  ck_page *page;
  pid_t main_thread;
} ck_crash_target;

static inline ck_crash_target *ck_crash_destination(void) {
  static ck_crash_target target;
  return &target;
}

/* Async-signal-safe: stores a few words and lets the default action end the process. */
static inline void ck_record_crash(int signal_number, siginfo_t *info, void *context) {
  ck_page *page = ck_crash_destination()->page;
  if (page && !page->signal) {
    page->in_main_thread = (pid_t)syscall(SYS_gettid) == ck_crash_destination()->main_thread;
    page->fault_address = (uint64_t)(uintptr_t)info->si_addr;
#if defined(__x86_64__)
    page->instruction = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    /* Bit 1 of a page fault's error code says which. */
    if (signal_number == SIGSEGV || signal_number == SIGBUS)
      page->fault_access = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2 ? 2 : 1;
#elif defined(__aarch64__)
    page->instruction = (uint64_t)((ucontext_t *)context)->uc_mcontext.pc;
#endif
    if (page->hook && page->connection && page->peer.family == 0)
      (void)ck_peer_endpoint(page->descriptor, &page->peer);
    page->signal = (uint32_t)signal_number;
  }
  /* SA_RESETHAND has put the default action back; what was raised by hand must be raised again. */
  if (info->si_code <= 0) raise(signal_number);
}

/* Installs the above for the signals that a crash raises, on a stack of their own (a handler that
 * overflowed its stack has none left). `stack` lives as long as the process. */
static inline int ck_record_crashes(ck_page *page, void *stack, size_t stack_size) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
  stack_t alternate;
  memset(&alternate, 0, sizeof alternate);
  alternate.ss_sp = stack;
  alternate.ss_size = stack_size;
  if (sigaltstack(&alternate, NULL) < 0) return -errno;
  ck_crash_destination()->page = page;
  ck_crash_destination()->main_thread = (pid_t)syscall(SYS_gettid);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = ck_record_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (sigaction(signals[i], &action, NULL) < 0) return -errno;
  return 0;
}

#endif
