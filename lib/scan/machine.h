/* SPDX-License-Identifier: MIT */
/*
 * What of stopping threads is the processor's own: what their registers are, and where a signal handler finds them. Makes
 * system calls and nothing else.
 */
#ifndef ALLOT_SCAN_MACHINE_H
#define ALLOT_SCAN_MACHINE_H

#include <stdbool.h>

#include "scan/held.h"

/* ---- of a thread that ptrace has stopped: 0 or a negative errno, -ENOTSUP where the processor is not known ---- */

int allotp_machine_thread_pointer(int tid, uint64_t *pointer);

/* Its registers into the store; nothing if it has ended. buffer: for the large ones. */
int allotp_machine_hold(int tid, void *buffer, size_t buffer_size, struct allot_held *held);

/* Sets the processor's own watch on writes to a byte; 0: none. */
int allotp_machine_watch(int tid, uint64_t address);

/* The watch strikes before the byte is written. */
extern const bool allotp_machine_strikes_early;

/* ---- of a thread that is in a signal handler ---- */

/* The handler's own thread pointer. Safe also in threads that have none. */
uint64_t allotp_machine_own_thread_pointer(void);

/* The registers that the handler has interrupted, by its third argument, into the store. 0 or a negative errno. */
int allotp_machine_hold_context(int tid, const void *context, uint64_t thread_pointer, struct allot_held *held);

/* What a handler returns to, as the kernel wants to be told; NULL: it needs nothing. */
void *allotp_machine_restorer(void);

/* Whether all of this is known here. */
extern const bool allotp_machine_known;

#endif
