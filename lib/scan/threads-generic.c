/* SPDX-License-Identifier: MIT */
/* Where it is not known what libc keeps of threads: a stack is all in use, and none is dead. */
#include "scan/threads.h"

struct allot_range allotp_threads_stack(const struct allot_mappings *mappings, const struct allot_held_thread *thread,
					uint32_t pid)
{
	(void)mappings;
	(void)thread;
	(void)pid;
	return (struct allot_range){ 0, 0 };
}

void allotp_threads_dead(struct allot_mappings *mappings, const struct allot_thread_fields *fields,
			 const uint64_t *held, uint64_t held_count,
			 void (*found)(void *context, struct allot_range stack, uint64_t table, uint64_t result),
			 void *context)
{
	(void)mappings;
	(void)fields;
	(void)held;
	(void)held_count;
	(void)found;
	(void)context;
}

bool allotp_threads_local(const struct allot_mappings *mappings, const struct allot_held_thread *thread,
			  uint64_t address, uint32_t *module, uint64_t *place)
{
	(void)mappings;
	(void)thread;
	(void)address;
	(void)module;
	(void)place;
	return false;
}
