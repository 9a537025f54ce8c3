/* SPDX-License-Identifier: MIT */
/* What /proc says of a process. */
#ifndef ALLOT_COMMON_PROCESS_H
#define ALLOT_COMMON_PROCESS_H

#include <stdint.h>

struct allot_process {
	char state;     /* 'R', 'S', 'D', 'T', … as in proc_pid_stat(5) */
	uint64_t start; /* in ticks since the machine was booted: with the number, it names the process for good */
};

/* Async-signal-safe. 0, or a negative errno: -ESRCH or -ENOENT if it cannot be seen, -EBADMSG. */
int allotp_process_look(int pid, struct allot_process *out);

#endif
