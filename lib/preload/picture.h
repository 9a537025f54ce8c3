/* SPDX-License-Identifier: MIT */
/*
 * The picture that leaks are looked for in: a copy of this process, made by fork while all threads stand still, which looks
 * through itself. Who takes one has the drain lock, and all signals blocked; the copy takes the lock over.
 */
#ifndef ALLOT_PRELOAD_PICTURE_H
#define ALLOT_PRELOAD_PICTURE_H

#include "scan/look.h"
#include "scan/signal-stop.h"
#include "scan/world.h"
#include "snapshot/snapshot.h"

/* The thread that takes it. Its registers, as its caller left them, are in its stack. */
struct allot_caller {
	uint64_t sp; /* what lies below is ours */
	uint64_t thread_pointer;
	uint64_t signal_stack; /* where the one for its signal handlers begins; 0: it has none */
	int tid;
};

struct allot_picture {
	/* to be set by the caller */
	const struct allot_caller *caller;
	uint64_t signals;                /* those that the calling thread had blocked before */
	const struct allot_range *named; /* memory that the program has named as roots */
	size_t named_count;
	/* results */
	int result;
	uint32_t step; /* that failed: enum allot_look_step */
	/* private */
	struct allot_look look;
	struct allot_held held;
	struct allot_world world;
	struct allot_signal_stop stop;
	void *memory; /* for all that is made for the picture alone */
	size_t memory_size;
	size_t range_room; /* it begins with so many ranges that are ours */
	uint32_t ready;    /* the helper may begin (atomic) */
	int pid;           /* of the process that it helps */
	bool unavailable;  /* ptrace is not to be had */
	bool entered;      /* somebody is still in it, who cannot be waited for: the memory stays */
};

/* Takes a picture, and waits until it is looked through. What is found is in the store's header. */
void allotp_picture_take(struct allot_picture *picture);

/* In a copy that somebody else has made: looks through it, with the words of threads that are in the store. Does not return. */
void allotp_picture_look_through(struct allot_picture *picture, unsigned int heuristics, uint64_t held_words);

#endif
