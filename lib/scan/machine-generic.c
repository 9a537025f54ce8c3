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

int allotp_machine_save(int tid, struct allot_machine_state *state)
{
	(void)tid;
	(void)state;
	return -ENOTSUP;
}

int allotp_machine_restore(int tid, struct allot_machine_state *state)
{
	(void)tid;
	(void)state;
	return -ENOTSUP;
}

int allotp_machine_call(int tid, const struct allot_machine_state *state, uint64_t at, uint64_t number,
			const uint64_t arguments[4])
{
	(void)tid;
	(void)state;
	(void)at;
	(void)number;
	(void)arguments;
	return -ENOTSUP;
}

int allotp_machine_result(int tid, int64_t *result)
{
	(void)tid;
	(void)result;
	return -ENOTSUP;
}

int allotp_machine_jump(int tid, uint64_t entry, uint64_t stack)
{
	(void)tid;
	(void)entry;
	(void)stack;
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
