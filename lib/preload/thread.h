/* SPDX-License-Identifier: MIT */
/*
 * What a thread needs to record: a context with its ring's writing end and its walker. A signal handler that
 * interrupts the tracer gets a context of its own, so that nothing it allocates or frees is lost.
 */
#ifndef ALLOT_PRELOAD_THREAD_H
#define ALLOT_PRELOAD_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/sampled.h"
#include "preload/sampler.h"
#include "preload/state.h"
#include "store/ring.h"

/* The thread itself, and signal handlers that interrupt the tracer, and each other in it. */
enum { ALLOT_DEPTHS = 4 };

struct allot_context;
struct allot_scopes;

/* An operator new or delete under way, whose call of malloc or free is not to be recorded twice. */
struct allot_cxx {
	const struct allot_cxx *outer; /* what this was before, in the hook's frame; NULL: in no operator new */
	bool operating;                /* of what this was before: in any operator; else it was all empty */
	size_t least, most;            /* what it may ask malloc for */
	void *block;                   /* what malloc gave it */
	void *freeing;                 /* operator delete has been entered with this */
};

struct allot_thread {
	struct allot_sampler sampler;
	union {
		struct {
			uint16_t depth; /* how many times the tracer is entered now */
			bool operating; /* an operator new or delete is under way: see cxx */
			uint32_t quick; /* the guard's, if all else about the thread is usual; else 0, or an old one */
		};
		uint64_t usual; /* as the guard's: the event just begun may go the short way */
	};
	struct allot_context *contexts[ALLOT_DEPTHS];
	uint32_t generation; /* of the context for depth 1, see allot_state */
	bool leaving;        /* its destructors have run: contexts are taken and given back for each event */
	bool attaching;      /* in the middle of taking a context: what it allocates meanwhile is passed through */
	uint8_t kept;        /* ALLOT_KEPT_EVENT while it allocates what is no leak */
	uint32_t rounds;     /* of destructors that it has gone through */
	bool moving;         /* realloc is at it: what the block holds may be where nobody knows of a block */
	uint32_t keeping;    /* how many times it has begun to */
	struct allot_cxx cxx;
	uint64_t scope;              /* what it is in, as the store's nodes say it; 0: nothing */
	struct allot_scopes *scopes; /* the way in; NULL: it never was in any */
};

extern _Thread_local struct allot_thread allotp_thread __attribute__((tls_model("initial-exec")));

/*
 * The calling thread, looked up here: what a compiler knows of it, it keeps for later, across the real malloc, in a register
 * that is to be saved for that.
 */
static inline struct allot_thread *allotp_thread_here(void)
{
#if defined(__x86_64__)
	struct allot_thread *thread;

	__asm__ volatile("movq %%fs:0, %0\n\taddq allotp_thread@gottpoff(%%rip), %0" : "=r"(thread));
	return thread;
#else
	return &allotp_thread;
#endif
}

/*
 * Adds to a part of what the short way compares. By one instruction, which no handler can split, and as wide as the short
 * way's look at it, which would wait for a narrow one.
 */
#if defined(__x86_64__)
#define ALLOTP_THREAD_ADD(thread, part, number)                                                                        \
	__asm__ volatile("addq %1, %0"                                                                                 \
			 : "+m"((thread)->usual)                                                                       \
			 : "i"((number) * (INT64_C(1) << 8 * (offsetof(struct allot_thread, part) -                    \
							      offsetof(struct allot_thread, usual)))))
#else
#define ALLOTP_THREAD_ADD(thread, part, number) ((thread)->part += (number))
#endif

/* Enters the tracer, and leaves it. A handler that runs between finds the next depth. */
static inline void allotp_thread_enter(struct allot_thread *thread)
{
	ALLOTP_THREAD_ADD(thread, depth, 1);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void allotp_thread_leave(struct allot_thread *thread)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	ALLOTP_THREAD_ADD(thread, depth, -1);
}

/* The same for an operator new or delete, if none is under way. */
static inline void allotp_thread_enter_operator(struct allot_thread *thread)
{
	ALLOTP_THREAD_ADD(thread, operating, 1);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void allotp_thread_leave_operator(struct allot_thread *thread)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	ALLOTP_THREAD_ADD(thread, operating, -1);
}

/*
 * What a hook may do first, before it looks at anything else: when blocks are sampled and this one is not, count it, or
 * see that it was not counted, and leave the rest to the real function, which then is known. Always false
 * when every block is recorded.
 */
static inline bool allotp_thread_passes(size_t size)
{
	return allotp_sampler_passes(&allotp_thread.sampler, size);
}

static inline bool allotp_thread_passes_free(const void *block)
{
	return allotp_thread.sampler.left && !allotp_sampled_maybe(block);
}

/* If operator new has asked for this block, it is operator new that records it. */
static inline bool allotp_thread_new_takes(void *block, size_t size)
{
	struct allot_cxx *cxx = &allotp_thread.cxx;

	if (__builtin_expect(!cxx->outer, 1) || cxx->block || size < cxx->least || size > cxx->most)
		return false;
	cxx->block = block;
	/* Should it be freed before, that must not pass. */
	if (__builtin_expect(allotp_state.sampling_bytes != 0, 0))
		allotp_sampled_hold(block);
	return true;
}

/* Once, before anything is recorded. */
void allotp_threads_init(void);
/* Memory that contexts take, for those that must leave it out: at most `most` ranges of start and end. Returns how many. */
size_t allotp_threads_memory(uint64_t (*ranges)[2], size_t most);
/* In a forked child: the contexts begin afresh. */
void allotp_threads_forked(void);

/* Gives the calling thread a context for its current depth. NULL: the event cannot be recorded (and was counted). */
struct allot_context *allotp_thread_attach(struct allot_thread *thread);
/* Gives the contexts of a leaving thread back. */
void allotp_thread_detach(struct allot_thread *thread);

/*
 * Enters the tracer: a context to record one event with, or NULL when this process does not record, or the event was
 * counted as lost, or is our own doing. Not NULL: must be followed by allotp_leave. Async-signal-safe, never waits.
 */
static inline struct allot_context *allotp_enter(void)
{
	struct allot_thread *thread = &allotp_thread;
	struct allot_context *context;

	if (__builtin_expect(thread->attaching, 0))
		return NULL;
	allotp_thread_enter(thread);
	/* Looked at inside: after a look outside, a signal handler may fork, and its child would be in its parent's store. */
	while (__builtin_expect(__atomic_load_n(&allotp_guard->mode, __ATOMIC_RELAXED) != ALLOT_MODE_RECORDING, 0)) {
		allotp_thread_leave(thread);
		if (!allotp_recording())
			return NULL;
		allotp_thread_enter(thread);
	}
	if (__builtin_expect(thread->depth == 1 && thread->generation == allotp_state.generation, 1)) {
		context = thread->contexts[0];
		if (__builtin_expect(context != NULL, 1))
			return context;
	}
	context = allotp_thread_attach(thread);
	if (!context)
		allotp_thread_leave(thread);
	return context;
}

static inline void allotp_leave(void)
{
	struct allot_thread *thread = &allotp_thread;

	if (__builtin_expect(thread->leaving, 0))
		allotp_thread_detach(thread);
	allotp_thread_leave(thread);
}

#endif
