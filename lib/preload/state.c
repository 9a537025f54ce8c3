/* SPDX-License-Identifier: MIT */
/* Whether this process records: how it begins, and how it goes on after fork. */
#include "preload/state.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/sys.h"
#include "preload/access.h"
#include "preload/bootstrap.h"
#include "preload/config.h"
#include "preload/life.h"
#include "preload/modules.h"
#include "preload/session.h"
#include "preload/thread.h"
#include "scan/signal-stop.h"
#include "snapshot/snapshot.h"
#include "store/clear.h"
#include "store/drain.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static struct allot_guard first_guard;
struct allot_guard *allotp_guard = &first_guard;
struct allot_state allotp_state;

static bool begun;

/* What no thread has. */
enum { NOT_QUICK = 2 };

static uint32_t next_quick(void)
{
	static uint32_t last;

	return __atomic_add_fetch(&last, 2, __ATOMIC_RELAXED) | 1;
}

void allotp_state_outdate(void)
{
	uint32_t *quick = &allotp_guard->quick, old = __atomic_load_n(quick, __ATOMIC_SEQ_CST);

	while (old & 1 &&
	       !__atomic_compare_exchange_n(quick, &old, next_quick(), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

/* What the short way is told goes first, and comes last. */
static void set_mode(enum allot_mode mode)
{
	struct allot_guard *guard = allotp_guard;
	bool quick = mode == ALLOT_MODE_RECORDING && allotp_state.counter && !allotp_state.sampling_bytes &&
		     !allotp_config.verify;

	if (!quick)
		__atomic_store_n(&guard->quick, NOT_QUICK, __ATOMIC_SEQ_CST);
	__atomic_store_n(&guard->mode, mode, __ATOMIC_SEQ_CST);
	if (quick)
		__atomic_store_n(&guard->quick, next_quick(), __ATOMIC_SEQ_CST);
}

/* Memory that takes whatever is still written to a store, and keeps it to itself. */
static void replace_by_nothing(const struct allot_store *store)
{
	allotp_sys_mmap(store->base, store->size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/* A child that draws the numbers of its parent, or of its siblings, has the same blocks sampled as they. */
static void sampling_forked(void)
{
	allotp_thread.sampler = (struct allot_sampler){ 0 };
	allotp_sampler_seed(allotp_config.sampling_seed ? allotp_config.sampling_seed
							: allotp_stamp(allotp_state.counter));
}

void allotp_state_forked(void)
{
	struct allot_header *header = allotp_state.store.header;

	set_mode(ALLOT_MODE_UNSET);
	allotp_guard->starting = allotp_guard->changing = allotp_guard->looking = 0;
	if (allotp_state.sampling_bytes)
		sampling_forked();
	if (!header || !allotp_thread.depth)
		return;
	__atomic_fetch_add(&header->children, 1, __ATOMIC_RELAXED);
	if (!allotp_config.follow)
		__atomic_fetch_add(&header->untraced_children, 1, __ATOMIC_RELAXED);
	replace_by_nothing(&allotp_state.store);
}

/* Moves the guard to a page of its own that fork wipes. Kernels before 4.14 cannot; there fork() alone is seen. */
static void protect_guard(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = allotp_sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pthread_atfork(NULL, NULL, allotp_state_forked);
	if (!allotp_sys_failed(page)) {
		allotp_sys_madvise(page, size, MADV_WIPEONFORK);
		*(struct allot_guard *)page = *allotp_guard;
		allotp_guard = page;
	}
}

static void begin_sampling(void)
{
	uint64_t seed = allotp_config.sampling_seed;

	if (!seed && ALLOTP_SYSCALL(SYS_getrandom, &seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = allotp_clock_ns(CLOCK_MONOTONIC);
	allotp_sampler_seed(seed);
	/* What never was the real allocator's must not reach it. */
	allotp_sampled_stop_at(allotp_bootstrap_arena, allotp_bootstrap_arena + ALLOT_BOOTSTRAP_SIZE);
	allotp_state.sampling_bytes = allotp_config.sampling_bytes;
}

/* The first store of a process that did not inherit one. */
static int open_first(uint32_t flags)
{
	struct allot_state *state = &allotp_state;
	int result;

	if (allotp_config.sampling_bytes && !state->sampling_bytes)
		begin_sampling();
	result = allotp_session_open(state, flags);
	state->inherited = result;
	return result;
}

static enum allot_mode begin(void)
{
	struct allot_state *state = &allotp_state;
	int result;

	allotp_config_read();
	protect_guard();
	allotp_threads_init();
	allotp_modules_init();
	state->pid = state->first_pid = (uint32_t)allotp_sys_getpid();
	state->counter = allotp_clock_counter_is_trusted();
	state->stores = state->generation = 1;
	state->depth_limit = allotp_config.depth_limit;
	result = allotp_config.off ? -ECANCELED : open_first(0);
	if (result && !allotp_config.off)
		allotp_session_complain(result);
	allotp_config_hide();
	begun = true;
	return result ? ALLOT_MODE_OFF : ALLOT_MODE_RECORDING;
}

/* In the place of what was inherited, which stays on failure. */
static int open_inherited(uint32_t flags)
{
	struct allot_state *state = &allotp_state;
	int result;

	state->pid = (uint32_t)allotp_sys_getpid();
	state->stores++;
	state->generation++;
	allotp_threads_forked();
	result = allotp_session_open_in_place(state, flags);
	state->inherited = result;
	return result;
}

/* Whether its program has stopped tracing. */
static bool is_stopped(const struct allot_header *header)
{
	return __atomic_load_n(&header->dropping, __ATOMIC_RELAXED) == ALLOT_DROPPING_STOPPED;
}

/*
 * In a forked child. Its copy of the store's mapping is still the parent's store (or nothing, see above): a word of
 * farewell there, then something else goes in its place, so that nothing in this process can reach the parent's any more.
 */
static enum allot_mode begin_child(void)
{
	struct allot_state *state = &allotp_state;
	struct allot_header *header = state->store.header;
	int result = -ECANCELED;

	allotp_signal_stop_forked();
	if (!header)
		return ALLOT_MODE_OFF;
	state->inherited = true;
	/* What the parent must not do, neither must its children; what it does not want, they have to ask for themselves. */
	if (header->stopped || state->store.quiet || is_stopped(header))
		return ALLOT_MODE_OFF;
	__atomic_fetch_add(&header->children, 1, __ATOMIC_RELAXED);
	if (allotp_config.follow)
		result = open_inherited(ALLOT_STORE_FORKED);
	if (!result)
		return ALLOT_MODE_RECORDING;
	__atomic_fetch_add(&header->untraced_children, 1, __ATOMIC_RELAXED);
	replace_by_nothing(&state->store);
	return ALLOT_MODE_OFF;
}

int allotp_state_change_begin(void)
{
	uint64_t since = allotp_clock_ns(CLOCK_MONOTONIC);
	uint32_t idle = 0;

	/* In a forked child nobody is at it: fork wipes the guard. */
	while (!__atomic_compare_exchange_n(&allotp_guard->changing, &idle, 1, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		if (allotp_access_wait(since))
			return -EBUSY;
		idle = 0;
	}
	return 0;
}

void allotp_state_change_end(void)
{
	__atomic_store_n(&allotp_guard->changing, 0, __ATOMIC_RELEASE);
}

static int open_own(void)
{
	struct allot_state *state = &allotp_state;
	uint32_t flags = ALLOT_STORE_LATE;

	if (state->pid != state->first_pid || (uint32_t)allotp_sys_getpid() != state->pid)
		flags |= ALLOT_STORE_FORKED;
	state->pid = (uint32_t)allotp_sys_getpid();
	return state->store.header ? open_inherited(flags) : open_first(flags);
}

/* What threads were at when tracing was stopped goes with all the rest. */
static int open_again(void)
{
	struct allot_state *state = &allotp_state;
	struct allot_header *header = state->store.header;
	struct allot_access access;
	int result;

	if (state->store.quiet && header->stopped)
		return -EPERM;
	result = allotp_access_lock(&access);
	if (result)
		return result;
	allotp_drain_all(&state->store);
	allotp_clear(&state->store);
	header->depth_limit = state->depth_limit;
	header->note = state->note;
	__atomic_store_n(&header->stopped, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&header->dropping, ALLOT_DROPPING_NONE, __ATOMIC_RELEASE);
	allotp_access_unlock(&access);
	state->generation++;
	return 0;
}

static int resume(uint32_t depth_limit)
{
	struct allot_state *state = &allotp_state;
	uint32_t old_limit = state->depth_limit;
	int result;

	if (allotp_guard->mode == ALLOT_MODE_RECORDING)
		return 0;
	if (allotp_guard->mode == ALLOT_MODE_UNSET)
		return -EAGAIN;
	state->depth_limit = depth_limit;
	result = state->inherited || !state->store.header ? open_own() : open_again();
	if (result) {
		state->depth_limit = old_limit;
		return result;
	}
	allotp_life_begin();
	set_mode(ALLOT_MODE_RECORDING);
	return 0;
}

int allotp_state_resume(uint32_t depth_limit)
{
	int result;

	if (allotp_recording())
		return 0;
	if (allotp_config.invalid)
		return -EINVAL;
	result = allotp_state_change_begin();
	if (result)
		return result;
	result = resume(depth_limit);
	allotp_state_change_end();
	return result;
}

static void note_stop(struct allot_state *state)
{
	static const char note[] = "the program has stopped tracing, and with that forgotten what was recorded";

	if (!state->stop_note)
		state->stop_note = allotp_store_string(&state->store, note, sizeof(note) - 1);
	state->store.header->note = state->stop_note;
}

/* Locked first: should that fail, nothing has been missed meanwhile. */
static int suspend(void)
{
	struct allot_state *state = &allotp_state;
	struct allot_access access;
	int result = allotp_access_lock(&access);

	if (result)
		return result;
	set_mode(ALLOT_MODE_OFF);
	__atomic_store_n(&state->store.header->dropping, ALLOT_DROPPING_STOPPED, __ATOMIC_RELAXED);
	allotp_drain_all(&state->store);
	allotp_clear(&state->store);
	note_stop(state);
	allotp_access_unlock(&access);
	return 0;
}

int allotp_state_suspend(void)
{
	int result = allotp_state_change_begin();

	if (result)
		return result;
	if (allotp_guard->mode == ALLOT_MODE_RECORDING)
		result = suspend();
	allotp_state_change_end();
	return result;
}

void allotp_state_stop(const char *note, size_t size)
{
	struct allot_header *header = allotp_state.store.header;

	if (size)
		header->note = allotp_store_string(&allotp_state.store, note, size);
	__atomic_store_n(&header->stopped, 1, __ATOMIC_RELEASE);
	set_mode(ALLOT_MODE_OFF);
}

void allotp_state_stop_full(void)
{
	allotp_store_lost(&allotp_state.store, ALLOT_LOST_STORE_FULL, 1);
	allotp_state_stop(NULL, 0);
}

bool allotp_state_start(void)
{
	struct allot_guard *guard = allotp_guard;
	uint32_t idle = 0;
	int saved;

	if (guard->mode != ALLOT_MODE_UNSET)
		return guard->mode == ALLOT_MODE_RECORDING;
	/*
	 * The loader allocates before libc has its environment: too early to know what is wanted. And in a child, what the
	 * parent had under way comes first.
	 */
	if (!environ || (begun && allotp_thread.depth) ||
	    !__atomic_compare_exchange_n(&guard->starting, &idle, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	saved = errno;
	/* It may move the guard. */
	set_mode(begun ? begin_child() : begin());
	errno = saved;
	return allotp_guard->mode == ALLOT_MODE_RECORDING;
}
