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

/* What a thread is to find as it was. */
struct allot_machine_state {
	uint64_t words[64]; /* its general registers */
	size_t vector_size; /* 0: the vectors need not be saved */
	char vectors[9216] __attribute__((aligned(16)));
};

int allotp_machine_save(int tid, struct allot_machine_state *state);
int allotp_machine_restore(int tid, struct allot_machine_state *state);

/* Sets the registers for a system call, whose instruction is at that address; and reads what it has returned. */
int allotp_machine_call(int tid, const struct allot_machine_state *state, uint64_t at, uint64_t number,
			const uint64_t arguments[4]);
int allotp_machine_result(int tid, int64_t *result);

/* Sets the registers so that a function that takes nothing begins. */
int allotp_machine_jump(int tid, uint64_t entry, uint64_t stack);

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
