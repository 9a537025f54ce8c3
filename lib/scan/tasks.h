/* SPDX-License-Identifier: MIT */
/*
 * The threads of a process, as /proc lists them. Makes system calls and nothing else, so that it can be used by a process that
 * shares its memory with another.
 */
#ifndef ALLOT_SCAN_TASKS_H
#define ALLOT_SCAN_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Calls each for every thread; ends at the first negative result, which it returns. Those that are made or end meanwhile may be
 * missing. buffer: for what /proc tells. Returns 0 or a negative errno.
 */
int allotp_tasks_each(int pid, void *buffer, size_t buffer_size, int (*each)(void *context, int tid), void *context);

/* How many threads a process has; more than one is 2. A negative errno if /proc does not tell. */
int allotp_tasks_count(int pid);

/* Whether the thread has ended, also one that waits for the others to end; such a one does nothing any more. */
bool allotp_tasks_over(int pid, int tid);

/* What a thread does with signals, each as a bit: signal 1 is the lowest. */
struct allot_task_signals {
	uint64_t pending; /* for the thread, or for whichever thread of its process will take it */
	uint64_t blocked;
	uint64_t caught;  /* by handlers of its process, or waited for by the thread */
	uint64_t ignored; /* by its process */
};

/* 0 or a negative errno; -ESRCH, -ENOENT: the thread has ended. */
int allotp_tasks_signals(int pid, int tid, struct allot_task_signals *signals);

/* Whether a seccomp filter decides on the system calls of the process. */
bool allotp_tasks_filtered(int pid);

#endif
