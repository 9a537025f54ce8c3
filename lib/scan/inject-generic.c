/* SPDX-License-Identifier: MIT */
/* Where it is not known what registers are for: no other process can be made to do anything. */
#include "scan/inject.h"

#include <errno.h>

int allotp_inject(int tid, struct allot_injection *injection)
{
	(void)tid;
	(void)injection;
	return -ENOTSUP;
}

int allotp_inject_start(int pid, uint64_t entry, uint64_t stack)
{
	(void)pid;
	(void)entry;
	(void)stack;
	return -ENOTSUP;
}
