/* SPDX-License-Identifier: MIT */
/*
 * Having another process do something: a system call in one of its threads, which ptrace has stopped and which goes on afterwards
 * as if nothing had happened. Where the processor is not known: -ENOTSUP.
 */
#ifndef ALLOT_SCAN_INJECT_H
#define ALLOT_SCAN_INJECT_H

#include <stdint.h>

struct allot_injection {
	uint64_t at;     /* of a system call's instruction in that process, with a breakpoint behind it */
	uint64_t number; /* of the call */
	uint64_t arguments[4];
	int64_t result;
	int child; /* the process that the call has made, which is stopped; 0: none */
};

/* Makes the call. The thread stays stopped. 0 or a negative errno, -ESRCH if the thread has ended. */
int allotp_inject(int tid, struct allot_injection *injection);

/* Lets a stopped child go, at another place, with all signals blocked and on another stack. 0 or a negative errno. */
int allotp_inject_start(int pid, uint64_t entry, uint64_t stack);

#endif
