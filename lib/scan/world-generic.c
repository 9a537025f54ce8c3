/* SPDX-License-Identifier: MIT */
/* Where it is not known what the registers of a thread look like: no other thread can be asked. */
#include "scan/world.h"

#include <errno.h>

int allotp_world_stop(struct allot_world *world)
{
	(void)world;
	return -ENOTSUP;
}

int allotp_world_settle(struct allot_world *world, uint64_t (*busy)(void *context, uint64_t thread_pointer),
			void *context)
{
	(void)world;
	(void)busy;
	(void)context;
	return -ENOTSUP;
}

int allotp_world_hold(struct allot_world *world, struct allot_held *held, int except)
{
	(void)world;
	(void)held;
	(void)except;
	return -ENOTSUP;
}

void allotp_world_release(struct allot_world *world)
{
	(void)world;
}

int allotp_world_count(int pid)
{
	(void)pid;
	return -ENOTSUP;
}
