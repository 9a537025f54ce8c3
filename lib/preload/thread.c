/* SPDX-License-Identifier: MIT */
/* Contexts: given to threads at their first event, taken back when they end. */
#include "preload/thread.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/sys.h"
#include "preload/capture.h"
#include "preload/context.h"
#include "preload/order.h"
#include "preload/scopes.h"
#include "snapshot/snapshot.h"

_Thread_local struct allot_thread allotp_thread __attribute__((tls_model("initial-exec")));

static pthread_key_t key;
static bool have_key;

/*
 * Contexts by the number of their slot: whoever has the slot has the context. They outlive threads, so that a
 * program which starts a million of them maps memory only for as many as there are at once.
 */
enum { CONTEXTS = 1 << 20 };
static struct allot_context **contexts;

static void thread_ends(void *unused)
{
	struct allot_thread *thread = &allotp_thread;

	(void)unused;
	/* Others' destructors may allocate and free, in this round and the next: ours is to be the last round's. */
	if (++thread->rounds < PTHREAD_DESTRUCTOR_ITERATIONS && !pthread_setspecific(key, thread))
		return;
	allotp_thread_enter(thread);
	allotp_thread_detach(thread);
	allotp_scopes_end();
	/* Other destructors may follow even so, and libc's own cleaning up. */
	thread->leaving = true;
	allotp_thread_leave(thread);
}

/* How many frames of a stack a walker has room for. */
enum { LEAST_ROOM = 1023 };
static uint32_t room = ALLOT_WALK_LIMIT_MAX;

/*
 * For stacks of any depth, since the limit may change: memory that is not touched costs nothing. But where address space is
 * limited, a thread must not take much of it.
 */
static void measure_room(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return;
	while (room > LEAST_ROOM && allotp_walker_size(room) > limit.rlim_cur / 2048)
		room /= 2;
}

void allotp_threads_init(void)
{
	void *memory = allotp_sys_mmap(NULL, CONTEXTS * sizeof(*contexts), PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	contexts = allotp_sys_failed(memory) ? NULL : memory;
	have_key = !pthread_key_create(&key, thread_ends);
	measure_room();
}

void allotp_threads_forked(void)
{
	struct allot_thread *thread = &allotp_thread;

	thread->quick = 0;
	memset(thread->contexts, 0, sizeof(thread->contexts));
	thread->attaching = false;
}

static size_t walker_size(void)
{
	return allotp_walker_size(room);
}

static struct allot_context *context_of(uint32_t slot)
{
	struct allot_context *context;
	void *memory;

	if (!contexts || slot >= CONTEXTS)
		return NULL;
	context = contexts[slot];
	if (context)
		return context;
	memory = allotp_sys_mmap(NULL, sizeof(*context) + walker_size(), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (allotp_sys_failed(memory))
		return NULL;
	return contexts[slot] = memory;
}

size_t allotp_threads_memory(uint64_t (*ranges)[2], size_t most)
{
	uint64_t slots = __atomic_load_n(&allotp_state.store.header->slot_count, __ATOMIC_RELAXED);
	size_t count = 0;

	if (!contexts || !most)
		return 0;
	ranges[count][0] = (uintptr_t)contexts;
	ranges[count++][1] = (uintptr_t)(contexts + CONTEXTS);
	for (uint64_t i = 0; i < slots && i < CONTEXTS && count < most; i++) {
		if (!contexts[i])
			continue;
		ranges[count][0] = (uintptr_t)contexts[i];
		ranges[count++][1] = (uintptr_t)contexts[i] + sizeof(*contexts[i]) + walker_size();
	}
	return count;
}

/*
 * The last owner's stacks mean nothing to the next thread, nor do those that were walked to another depth. The walker's memory
 * is given back, but for what shares a page with the context itself.
 */
static void forget_walks(struct allot_context *context)
{
	uintptr_t page = getauxval(AT_PAGESZ), start = (uintptr_t)context->memory;
	uintptr_t next = (start + page - 1) / page * page;

	if (!context->walker)
		return;
	context->walker = NULL;
	if (allotp_sys_madvise((void *)next, walker_size() - (next - start), MADV_DONTNEED))
		next = start + allotp_walker_size(1); /* a filter has forbidden it */
	memset(context->memory, 0, next - start);
}

static void begin_walks(struct allot_context *context)
{
	struct allot_state *state = &allotp_state;
	uint32_t limit = state->depth_limit && state->depth_limit < room ? state->depth_limit : room;

	context->generation = state->generation;
	forget_walks(context);
	context->walker = allotp_walker_init(context->memory, limit, allotp_capture_children, &state->store,
					     &state->store.header->code_epoch);
}

static struct allot_context *take_context(void)
{
	struct allot_state *state = &allotp_state;
	struct allot_producer producer;
	struct allot_context *context;

	if (allotp_producer_attach(&producer, &state->store, state->store.quiet ? 0 : (uint32_t)allotp_sys_gettid(),
				   allotp_order_stamp()))
		return NULL;
	context = context_of(producer.number);
	if (!context) {
		allotp_producer_detach(&producer);
		return NULL;
	}
	context->producer = producer;
	context->store = state->stores;
	if (context->scopes_store != state->stores) {
		memset(context->budgets, 0, sizeof(context->budgets));
		memset(context->nodes, 0, sizeof(context->nodes));
		context->scopes_store = state->stores;
	}
	begin_walks(context);
	return context;
}

/* Or else there was no memory, or no room on the disk, for one more. */
static bool slots_are_used_up(void)
{
	const struct allot_store *store = &allotp_state.store;

	return __atomic_load_n(&store->header->slot_count, __ATOMIC_RELAXED) >=
	       allotp_capacity(store, ALLOT_REGION_SLOTS, sizeof(struct allot_slot));
}

struct allot_context *allotp_thread_attach(struct allot_thread *thread)
{
	uint64_t all = ~UINT64_C(0), old = 0;
	struct allot_context *context;

	if (thread->depth > ALLOT_DEPTHS) {
		allotp_store_lost(&allotp_state.store, ALLOT_LOST_NESTED, 1);
		return NULL;
	}
	context = thread->contexts[thread->depth - 1];
	if (context && context->generation == allotp_state.generation)
		return context;
	/* With signals blocked, whatever allocates meanwhile is our own doing (pthread_setspecific may). */
	if (!allotp_state.store.quiet)
		allotp_sys_sigprocmask(SIG_SETMASK, &all, &old);
	thread->attaching = true;
	if (context)
		begin_walks(context);
	else
		context = take_context();
	if (context)
		thread->contexts[thread->depth - 1] = context;
	else if (slots_are_used_up())
		allotp_store_lost(&allotp_state.store, ALLOT_LOST_THREADS, 1);
	else
		allotp_state_stop_full();
	if (context && thread->scope)
		allotp_scopes_renew(context);
	/* Contexts of other depths, which this one may have interrupted, look for themselves. */
	if (context && thread->depth == 1)
		thread->generation = context->generation;
	/* Any value but NULL makes the destructor run. */
	if (have_key && !thread->leaving)
		pthread_setspecific(key, thread);
	thread->attaching = false;
	if (!allotp_state.store.quiet)
		allotp_sys_sigprocmask(SIG_SETMASK, &old, NULL);
	return context;
}

void allotp_thread_detach(struct allot_thread *thread)
{
	thread->quick = 0;
	/* Contexts of other depths may be in use by the handlers that this one interrupted. */
	for (uint32_t i = thread->depth - 1; i < ALLOT_DEPTHS; i++) {
		struct allot_context *context = thread->contexts[i];

		thread->contexts[i] = NULL;
		if (context && context->store == allotp_state.stores) {
			forget_walks(context);
			allotp_producer_detach(&context->producer);
		}
	}
}
