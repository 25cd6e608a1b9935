/*
 * System calls as the kernel has them: -errno is what it answers, and what every shim here returns.
 * The calls that a worker makes for each request are made in this way. Their functions in glibc are
 * cancellation points, and in a process with more than one thread glibc does 45 instructions more
 * for each (seen with 2.36); the thread of Runtime/Worker/PrintedOverflow is there in every worker.
 */
#ifndef CKERNEL_CALLS_H
#define CKERNEL_CALLS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline long ck_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  register long sixth __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long which __asm__("x8") = number;
  register long first __asm__("x0") = a;
  register long second __asm__("x1") = b;
  register long third __asm__("x2") = c;
  register long fourth __asm__("x3") = d;
  register long fifth __asm__("x4") = e;
  register long sixth __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(first)
                   : "r"(which), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "memory");
  return first;
#else
  long result = syscall(number, a, b, c, d, e, f);
  return result < 0 ? -errno : result;
#endif
}

#endif
