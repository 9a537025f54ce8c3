/* SPDX-License-Identifier: MIT */
/*
 * Stopping all threads of another process, by ptrace, and what they hold in their registers. Makes system calls and nothing
 * else, so that it can be used by a process that shares its memory with the one that is stopped.
 */
#ifndef ALLOT_SCAN_WORLD_H
#define ALLOT_SCAN_WORLD_H

#include "scan/held.h"

struct allot_world_thread {
	int tid;
	int signal; /* it was about to take this one; 0: none */
	bool gone;  /* it has ended meanwhile */
};

struct allot_world {
	int pid;
	struct allot_world_thread *threads;
	uint32_t count, capacity; /* capacity: set by the caller, with threads */
	void *buffer;             /* likewise: for what /proc and ptrace tell */
	size_t buffer_size;
	/*
	 * Likewise, in the address space of the process: a system call's instruction, see inject.h, and 24 bytes to write to. They
	 * ask each thread for its stack for signal handlers. 0: it is not asked.
	 */
	uint64_t system_call, scratch;
};

/* Memory that stopping needs: for so many threads, and a buffer. */
enum { ALLOT_WORLD_THREADS = 32768, ALLOT_WORLD_BUFFER = 65536 };

/*
 * Stops every thread of world->pid, also those that are made meanwhile. 0 or a negative errno: -EPERM: it may not be traced,
 * by us or because somebody else does; -ETIMEDOUT: a thread did not stop within a second; nothing is stopped then.
 */
int allotp_world_stop(struct allot_world *world);

/*
 * Lets those stopped threads that are busy finish, one by one. busy: the address of a byte that the thread of that thread pointer
 * writes to when it is less busy; 0: it is not busy. 0; -EAGAIN: one needs what another stopped thread has; other negative
 * errnos.
 */
int allotp_world_settle(struct allot_world *world, uint64_t (*busy)(void *context, uint64_t thread_pointer),
			void *context);

/* The registers of all stopped threads into the store; but for `except`, which has told its own. 0 or a negative errno. */
int allotp_world_hold(struct allot_world *world, struct allot_held *held, int except);

/* Lets all threads go on as if nothing had happened. */
void allotp_world_release(struct allot_world *world);

#endif
