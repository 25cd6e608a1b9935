/*
 * How a dying worker writes down what happened, into its page: from the handler of the signal that
 * kills it, or when somebody calls exit. Everything here is async-signal-safe: plain stores, a few
 * system calls, and an unwinder that takes no lock with the C library's _dl_find_object. What is
 * sure comes first; what reads a broken process's stack comes last, and may fault.
 */
#ifndef CKERNEL_CRASH_H
#define CKERNEL_CRASH_H

#include "page.h"

#include <dlfcn.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <ucontext.h>
#include <unwind.h>

/* Where a dying worker writes, and which thread runs its loop: set before the handlers are
 * installed, never changed after. */
typedef struct ck_crash_target {
  ck_page *page;
  pid_t main_thread;
} ck_crash_target;

/* The one of this process. */
ck_crash_target *ck_crash_destination(void);

/* Only the first thread that dies writes, and no child that a plugin forked. 1 when this is it, and
 * its number is stored. */
static inline int ck_claim_page(ck_page *page) {
  uint32_t nobody = 0, thread = (uint32_t)syscall(SYS_gettid);
  /* The thread that starts a process has its number. */
  if (getpid() != ck_crash_destination()->main_thread) return 0;
  if (!__atomic_compare_exchange_n(&page->thread, &nobody, thread, 0, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return 0;
  page->in_main_thread = (pid_t)thread == ck_crash_destination()->main_thread;
  return 1;
}

/* The module that an address lies in: the C library answers without a lock since 2.35, older ones
 * are not asked. */
static inline void ck_note_module(ck_frame *frame) {
#if __GLIBC_PREREQ(2, 35)
  struct dl_find_object found;
  if (_dl_find_object((void *)(uintptr_t)frame->address, &found) != 0) return;
  const struct link_map *map = found.dlfo_link_map;
  if (!map || !map->l_name) return;
  frame->base = (uint64_t)map->l_addr;
  /* The plugin is loaded through its descriptor, and nothing else is. */
  frame->in_plugin = strncmp(map->l_name, "/proc/", 6) == 0;
  const char *name = *map->l_name ? map->l_name : program_invocation_short_name;
  const char *slash = strrchr(name, '/');
  if (slash) name = slash + 1;
  for (size_t i = 0; i + 1 < sizeof frame->module && name[i]; i++) frame->module[i] = name[i];
#endif
}

static inline void ck_add_frame(ck_page *page, uint64_t address) {
  if (page->frame_count >= CK_FRAME_COUNT || !address) return;
  ck_frame *frame = &page->frames[page->frame_count];
  frame->address = address;
  page->frame_count++;
  ck_note_module(frame);
}

/* How far the way up the stack has come. */
typedef struct ck_climb {
  ck_page *page;
  uint64_t from; /* frames count behind this address */
  int has_begun;
  int step_count;
} ck_climb;

/* Each frame is kept as it is found: the next step may fault, on a stack that was overwritten. */
static inline _Unwind_Reason_Code ck_climb_on(struct _Unwind_Context *context, void *with) {
  ck_climb *climb = with;
  uint64_t address = (uint64_t)_Unwind_GetIP(context);
  if (climb->has_begun) ck_add_frame(climb->page, address);
  if (address == climb->from) climb->has_begun = 1;
  int is_enough = ++climb->step_count > 64 || climb->page->frame_count == CK_FRAME_COUNT;
  return is_enough ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* The calls that were running, from the instruction that was hit, or all after a call of exit.
 * `caller` may say who called what has no tables to unwind by: nowhere, for one. */
static inline void ck_record_frames(ck_page *page, uint64_t instruction, uint64_t caller) {
  ck_climb climb = {page, instruction ? instruction : UINT64_MAX, page->has_exited != 0, 0};
  ck_add_frame(page, instruction);
  /* The first few are the handler's own, and the kernel's step into it. */
  (void)_Unwind_Backtrace(ck_climb_on, &climb);
  if (page->frame_count <= (instruction != 0)) ck_add_frame(page, caller);
}

/* Memory for data, from "VmData:  12 kB" of /proc/self/status: what RLIMIT_DATA is held against. */
static inline void ck_record_memory(ck_page *page) {
  char text[2048];
  int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t count = read(fd, text, sizeof text - 1);
  close(fd);
  if (count <= 0) return;
  text[count] = 0;
  const char *at = strstr(text, "\nVmData:");
  if (!at) return;
  uint64_t kibibytes = 0;
  for (at += 8; *at == ' ' || *at == '\t'; at++) continue;
  for (; *at >= '0' && *at <= '9'; at++) kibibytes = kibibytes * 10 + (uint64_t)(*at - '0');
  page->data_size = kibibytes << 10;
}

static inline void ck_record_crash(int signal_number, siginfo_t *info, void *context) {
  ck_page *page = ck_crash_destination()->page;
  if (page && ck_claim_page(page)) {
    uint64_t caller = 0;
    /* The kernel's own faults, such as an address that cannot be one, come without it. */
    const int has_address = info->si_code > 0 && info->si_code != SI_KERNEL;
    if (has_address) page->fault_address = (uint64_t)(uintptr_t)info->si_addr;
    if (info->si_code <= 0 && info->si_pid != getpid()) page->sender = (uint32_t)info->si_pid;
#if defined(__x86_64__)
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    page->instruction = (uint64_t)registers[REG_RIP];
    /* Bit 1 of a page fault's error code says which. */
    if (has_address && (signal_number == SIGSEGV || signal_number == SIGBUS))
      page->fault_access = registers[REG_ERR] & 2 ? 2 : 1;
#elif defined(__aarch64__)
    page->instruction = (uint64_t)((ucontext_t *)context)->uc_mcontext.pc;
    caller = (uint64_t)((ucontext_t *)context)->uc_mcontext.regs[30];
#endif
    if (page->hook && page->connection && page->peer.family == 0)
      (void)ck_peer_endpoint(page->descriptor, &page->peer);
    page->signal = (uint32_t)signal_number;
    ck_record_memory(page);
#if defined(__x86_64__)
    /* A call to nowhere leaves the way back on top of the stack; any other top is not looked at. */
    if (page->instruction == page->fault_address && signal_number == SIGSEGV &&
        has_address)
      caller = *(const uint64_t *)(uintptr_t)registers[REG_RSP];
#endif
    ck_record_frames(page, page->instruction, caller);
  } else if (page && getpid() == ck_crash_destination()->main_thread &&
             page->thread != (uint32_t)syscall(SYS_gettid)) {
    /* Another thread is writing, and the process ends when it has; it must not end before. */
    (void)poll(NULL, 0, 500);
  }
  /* A fault comes again when this returns. What does not come by itself is raised again: a signal
   * that somebody sent, and a trap, behind which the program would go on. */
  (void)signal(signal_number, SIG_DFL);
  if (info->si_code <= 0 || signal_number == SIGTRAP || signal_number == SIGSYS)
    raise(signal_number);
}

/* The descriptor that a worker waits with is not what it was any more: nothing can be served. The
 * page says so, since the log may be lost too. (A child that a plugin has forked, and that returned
 * from its call, has none: it ends without a word.) Returns only where there is no page: the loop
 * has no descriptors then. */
static inline void ck_end_without_events(uint32_t kind) {
  ck_page *page = ck_crash_destination()->page;
  if (!page) return;
  if (getpid() == ck_crash_destination()->main_thread) page->lost_descriptor = kind;
  _exit(CK_EXIT_LOST_DESCRIPTOR);
}

/* exit(3) by a plugin, in a call or in a thread of its own, is a death like others. */
static inline void ck_record_exit(void) {
  ck_page *page = ck_crash_destination()->page;
  int is_main_thread = (pid_t)syscall(SYS_gettid) == ck_crash_destination()->main_thread;
  if (!page || (is_main_thread && !page->hook) || !ck_claim_page(page)) return;
  if (page->hook && page->connection && page->peer.family == 0)
    (void)ck_peer_endpoint(page->descriptor, &page->peer);
  page->has_exited = 1;
  ck_record_memory(page);
  ck_record_frames(page, 0, 0);
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
  /* The unwinder gets ready at its first call, which should not be a signal handler's. */
  ck_climb nowhere = {NULL, 0, 0, 64};
  (void)_Unwind_Backtrace(ck_climb_on, &nowhere);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = ck_record_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (sigaction(signals[i], &action, NULL) < 0) return -errno;
  return atexit(ck_record_exit) == 0 ? 0 : -ENOMEM;
}

#endif
