/*
 * What the lesson needs from the kernel and Swift cannot import: namespaces, TUN devices, children
 * that die with their parent. Each function returns 0, a descriptor or a count, or -errno.
 */
#ifndef CLAB_LAB_H
#define CLAB_LAB_H

#include "leash.h"
#include "network.h"

#endif
