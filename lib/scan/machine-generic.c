/* SPDX-License-Identifier: MIT */
/* Where it is not known what the registers of a thread look like: no other thread can be asked. */
#include "scan/machine.h"

#include <errno.h>

const bool allotp_machine_known = false, allotp_machine_strikes_early = false;

int allotp_machine_thread_pointer(int tid, uint64_t *pointer)
{
	(void)tid;
	(void)pointer;
	return -ENOTSUP;
}

int allotp_machine_hold(int tid, void *buffer, size_t buffer_size, struct allot_held *held)
{
	(void)tid;
	(void)buffer;
	(void)buffer_size;
	(void)held;
	return -ENOTSUP;
}

int allotp_machine_watch(int tid, uint64_t address)
{
	(void)tid;
	(void)address;
	return -ENOTSUP;
}

uint64_t allotp_machine_own_thread_pointer(void)
{
	return 0;
}

int allotp_machine_hold_context(int tid, const void *context, uint64_t thread_pointer, struct allot_held *held)
{
	(void)tid;
	(void)context;
	(void)thread_pointer;
	(void)held;
	return -ENOTSUP;
}

void *allotp_machine_restorer(void)
{
	return NULL;
}
