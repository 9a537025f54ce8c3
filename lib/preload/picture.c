/* SPDX-License-Identifier: MIT */
/*
 * The picture that leaks are looked for in. A program of one thread forks by itself. Otherwise a helper stops the threads by
 * ptrace, which no thread can do to its siblings: a process that shares our memory, and is gone when the copy is done. Where ptrace is
 * not to be had, the threads are asked by a signal.
 */
#include "preload/picture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/sys.h"
#include "preload/bootstrap.h"
#include "preload/config.h"
#include "preload/modules.h"
#include "preload/real.h"
#include "preload/state.h"
#include "preload/suppressions.h"
#include "preload/thread.h"
#include "scan/tasks.h"
#include "store/batch.h"
#include "store/drain.h"

/* Of this library, by the linker. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

enum {
	STACK = 64 << 10,   /* of the helper, and as much of the copy that it makes */
	FIXED_RANGES = 256, /* that are ours besides those of contexts, and those of threads that begin meanwhile */
	ATTEMPTS = 50,      /* to find no thread in the middle of realloc */
};

static struct allot_leak_look *header_leaks(void)
{
	return &allotp_state.store.header->leaks;
}

/* ---- what is ours, and no root ---- */

static size_t add_range(struct allot_range *ranges, size_t count, const void *start, size_t size)
{
	ranges[count] = (struct allot_range){ (uintptr_t)start, (uintptr_t)start + size };
	return count + (size != 0);
}

/* In the copy: the drainer's memory may have moved at the last moment. */
static void list_own(struct allot_picture *picture)
{
	const struct allot_store *store = &allotp_state.store;
	const char *arena = (const char *)allotp_bootstrap_arena;
	struct allot_range *ranges = picture->memory;
	size_t count = 0;

	/* The blocks of the bootstrap arena are libc's, for the most part, and may point to others. */
	count = add_range(ranges, count, __ehdr_start, (size_t)(arena - __ehdr_start));
	count = add_range(ranges, count, arena + ALLOT_BOOTSTRAP_SIZE, (size_t)(_end - arena - ALLOT_BOOTSTRAP_SIZE));
	count = add_range(ranges, count, store->base, store->size);
	count = add_range(ranges, count, store->scratch, store->scratch_size);
	count = add_range(ranges, count, store->batch, store->batch ? sizeof(*store->batch) : 0);
	count = add_range(ranges, count, allotp_guard, 4096);
	count = add_range(ranges, count, picture->memory, picture->memory_size);
	count += allotp_threads_memory((uint64_t(*)[2])(void *)&ranges[count], picture->range_room - count);
	picture->look.roots.own = ranges;
	picture->look.roots.own_count = count;
}

static void plan(struct allot_picture *picture)
{
	const struct allot_header *header = allotp_state.store.header;
	struct allot_extent libc = allotp_modules_extent((uintptr_t)allotp_real.malloc);
	struct allot_roots *roots = &picture->look.roots;

	picture->look.store = &allotp_state.store;
	picture->look.heuristics = allotp_config.heuristics;
	picture->look.why = allotp_config.why;
	picture->look.module_of = allotp_module_of;
	roots->more = picture->named;
	roots->more_count = picture->named_count;
	roots->pid = header->pid;
	roots->libc = (struct allot_range){ libc.start, libc.start + libc.size };
	roots->loader = (struct allot_range){ allotp_modules_loader.start,
					      allotp_modules_loader.start + allotp_modules_loader.size };
	roots->own_thread_offset = (int64_t)((uintptr_t)&allotp_thread - picture->caller->thread_pointer);
	roots->own_thread_size = sizeof(allotp_thread);
	roots->thread_fields = (struct allot_thread_fields){ allotp_real_thread_tid, allotp_real_thread_start };
	roots->whole_heap = header->flags & (ALLOT_STORE_FORKED | ALLOT_STORE_LATE);
	roots->threads = !__libc_single_threaded;
}

/* One piece of memory for ranges, threads, a buffer and a stack. */
static int prepare(struct allot_picture *picture)
{
	size_t room = FIXED_RANGES + 1 + __atomic_load_n(&allotp_state.store.header->slot_count, __ATOMIC_RELAXED);
	size_t ranges = room * sizeof(struct allot_range),
	       threads = ALLOT_WORLD_THREADS *
			 (sizeof(struct allot_world_thread) + sizeof(struct allot_signal_stop_thread));
	char *memory;

	picture->memory_size = ranges + threads + ALLOT_WORLD_BUFFER + 2 * STACK;
	picture->memory = memory = allotp_scan_map(picture->memory_size);
	if (!memory)
		return -ENOMEM;
	plan(picture);
	picture->range_room = room;
	picture->stop = (struct allot_signal_stop){
		.pid = (int)allotp_state.pid,
		.blocked = picture->signals,
		.threads = (void *)(memory + ranges),
		.capacity = ALLOT_WORLD_THREADS,
		.buffer = memory + ranges + threads,
		.buffer_size = ALLOT_WORLD_BUFFER,
	};
	picture->world = (struct allot_world){
		.pid = (int)allotp_state.pid,
		.threads = (void *)(picture->stop.threads + ALLOT_WORLD_THREADS),
		.capacity = ALLOT_WORLD_THREADS,
		.buffer = picture->stop.buffer,
		.buffer_size = ALLOT_WORLD_BUFFER,
		.scratch = (uintptr_t)picture->stop.buffer + ALLOT_WORLD_BUFFER,
	};
	/* A filter may have no mercy for a call that the program does not make itself. */
	if (!allotp_tasks_filtered(picture->world.pid))
		picture->world.system_call = header_leaks()->system_call;
	return 0;
}

/* ---- the copy ---- */

/* In the copy: nothing of the program runs in it any more, whose descriptors and name it has. */
static int look_through(void *context)
{
	struct allot_picture *picture = context;
	int result;

	allotp_drain_inherit(&allotp_state.store);
	list_own(picture);
	allotp_suppressions_tell();
	ALLOTP_SYSCALL(SYS_close_range, 0, ~0u, 0);
	ALLOTP_SYSCALL(SYS_prctl, PR_SET_NAME, "allot-leaks", 0, 0, 0);
	result = allotp_look(&picture->look, picture->held.used);
	return (int)ALLOTP_SYSCALL(SYS_exit_group, result ? 1 : 0);
}

static int wait_for_child(int pid)
{
	int status = 0;
	long got;

	do {
		got = ALLOTP_SYSCALL(SYS_wait4, pid, &status, __WALL, NULL);
	} while (got == -EINTR);
	if (got != pid)
		return got < 0 ? (int)got : -ECHILD;
	/* Else it has said itself what failed. */
	return WIFSIGNALED(status) ? -EFAULT : 0;
}

static int failed(struct allot_picture *picture, int result, uint32_t step)
{
	picture->result = result;
	picture->step = step;
	return result;
}

/* The calling thread; its registers are in its stack. */
static int hold_caller(struct allot_picture *picture)
{
	int result;

	picture->held = (struct allot_held){ .store = &allotp_state.store };
	result = allotp_held_add(&picture->held, (uint64_t)picture->caller->tid, picture->caller->sp,
				 picture->caller->thread_pointer);
	if (result)
		return failed(picture, result, ALLOT_LOOK_AT_STORE);
	allotp_held_signal_stack(&picture->held, picture->caller->signal_stack);
	return 0;
}

/* Forks, in a world that stands still. Returns the copy's number, or 0 when that failed. */
static int take(struct allot_picture *picture)
{
	/* A fork past all handlers, without a signal at its end, and with a stack that is large enough. */
	int pid = clone(look_through, (char *)picture->memory + picture->memory_size - STACK, CLONE_UNTRACED, picture);

	if (pid >= 0)
		return pid;
	failed(picture, -errno, ALLOT_LOOK_AT_FORK);
	return 0;
}

static void note_stop(const struct allot_picture *picture, uint64_t begun, enum allot_look_method method)
{
	header_leaks()->stop_ns = allotp_clock_ns(CLOCK_MONOTONIC) - begun;
	header_leaks()->threads = picture->held.threads;
	header_leaks()->method = method;
}

static void see_to_copy(struct allot_picture *picture, int pid)
{
	int result = pid ? wait_for_child(pid) : 0;

	if (result)
		failed(picture, result, ALLOT_LOOK_AT_COPY);
}

static void take_alone(struct allot_picture *picture)
{
	uint64_t begun = allotp_clock_ns(CLOCK_MONOTONIC);
	int pid;

	if (hold_caller(picture))
		return;
	pid = take(picture);
	note_stop(picture, begun, ALLOT_LOOK_ALONE);
	see_to_copy(picture, pid);
}

/* ---- the helper ---- */

/* Where it says that a thread is between freeing a block and telling where its contents are now, or about to write an event. */
static uint64_t is_busy(void *context, uint64_t pointer)
{
	const struct allot_picture *picture = context;
	const struct allot_thread *own =
		(const void *)(uintptr_t)(pointer + (uint64_t)picture->look.roots.own_thread_offset);

	/* One made by clone may have somebody else's pointer, or one of its own making. Says EFAULT for what cannot be read. */
	if (ALLOTP_SYSCALL(SYS_rt_sigprocmask, -1, &own->moving, NULL, 8) == -EFAULT)
		return 0;
	if (own->moving)
		return (uintptr_t)&own->moving;
	return own->depth ? (uintptr_t)&own->depth : 0;
}

static int hold_world(struct allot_picture *picture)
{
	int result = hold_caller(picture);

	if (result)
		return result;
	result = allotp_world_hold(&picture->world, &picture->held, picture->caller->tid);
	return result ? failed(picture, result, ALLOT_LOOK_AT_THREADS) : 0;
}

/* Returns 0 with the world stopped and held, and nobody in the middle of realloc; else it goes on. */
static int stop_world(struct allot_picture *picture, uint64_t *begun)
{
	int result;

	for (int attempt = 0;; attempt++) {
		*begun = allotp_clock_ns(CLOCK_MONOTONIC);
		result = allotp_world_stop(&picture->world);
		if (result) {
			/* Else a thread is stuck, and would not answer a signal either. */
			picture->unavailable = result != -ETIMEDOUT && result != -EFBIG;
			return failed(picture, result, ALLOT_LOOK_AT_THREADS);
		}
		result = allotp_world_settle(&picture->world, is_busy, picture);
		if (!result || attempt == ATTEMPTS) {
			result = hold_world(picture);
			if (!result)
				return 0;
		}
		allotp_world_release(&picture->world);
		if (result != -EAGAIN)
			return failed(picture, result, ALLOT_LOOK_AT_THREADS);
		/* It may wait for room in its ring. */
		allotp_drain_now(&allotp_state.store);
	}
}

static int help(void *context)
{
	struct allot_picture *picture = context;
	uint64_t begun;
	int pid;

	while (!__atomic_load_n(&picture->ready, __ATOMIC_ACQUIRE)) {
		/* It was killed. */
		if (ALLOTP_SYSCALL(SYS_getppid) != picture->pid)
			return (int)ALLOTP_SYSCALL(SYS_exit, 0);
		ALLOTP_SYSCALL(SYS_sched_yield);
	}
	if (!stop_world(picture, &begun)) {
		allotp_drain_rest(&allotp_state.store);
		pid = take(picture);
		allotp_world_release(&picture->world);
		note_stop(picture, begun, ALLOT_LOOK_PTRACE);
		see_to_copy(picture, pid);
	}
	return (int)ALLOTP_SYSCALL(SYS_exit, 0);
}

static void take_by_helper(struct allot_picture *picture)
{
	char *stack = (char *)picture->memory + picture->memory_size;
	int pid, result;

	picture->pid = allotp_sys_getpid();
	pid = clone(help, stack, CLONE_VM | CLONE_FS | CLONE_UNTRACED, picture);
	if (pid < 0) {
		failed(picture, -errno, ALLOT_LOOK_AT_FORK);
		return;
	}
	/* Where only parents may trace, it is allowed to by name. */
	ALLOTP_SYSCALL(SYS_prctl, PR_SET_PTRACER, pid, 0, 0, 0);
	__atomic_store_n(&picture->ready, 1, __ATOMIC_RELEASE);
	result = wait_for_child(pid);
	ALLOTP_SYSCALL(SYS_prctl, PR_SET_PTRACER, 0, 0, 0, 0);
	/* Some sandboxes kill whoever calls ptrace. */
	picture->unavailable |= result == -EFAULT && !picture->step;
}

/* ---- by signals ---- */

/* Returns 0 with the others stopped and held; else they go on. */
static int stop_by_signals(struct allot_picture *picture)
{
	struct allot_signal_stop *stop = &picture->stop;
	int result;

	stop->busy = is_busy;
	stop->busy_context = picture;
	for (int attempt = 0;; attempt++) {
		if (attempt == ATTEMPTS)
			stop->busy = NULL;
		result = allotp_signal_stop_begin(stop);
		if (!result)
			result = hold_caller(picture);
		if (!result)
			result = allotp_signal_stop_hold(stop, &picture->held);
		if (!result)
			return 0;
		picture->entered |= !allotp_signal_stop_end(stop);
		if (result != -EAGAIN || picture->entered)
			return failed(picture, result, picture->step ? picture->step : ALLOT_LOOK_AT_THREADS);
		/* It may wait for room in its ring. */
		allotp_drain_now(&allotp_state.store);
	}
}

static void take_by_signals(struct allot_picture *picture)
{
	int pid;

	picture->step = 0;
	picture->result = 0;
	header_leaks()->method = ALLOT_LOOK_SIGNALS;
	if (stop_by_signals(picture))
		return;
	allotp_drain_rest(&allotp_state.store);
	pid = take(picture);
	picture->entered |= !allotp_signal_stop_end(&picture->stop);
	note_stop(picture, picture->stop.begun, ALLOT_LOOK_SIGNALS);
	see_to_copy(picture, pid);
}

void allotp_picture_take(struct allot_picture *picture)
{
	struct allot_store *store = &allotp_state.store;
	int result = prepare(picture);

	if (result) {
		failed(picture, result, ALLOT_LOOK_AT_MEMORY);
		return;
	}
	header_leaks()->method = ALLOT_LOOK_PTRACE;
	allotp_drain_now(store);
	result = allotp_tasks_count((int)allotp_state.pid);
	if (result < 0)
		failed(picture, result, ALLOT_LOOK_AT_MAPPINGS);
	else if (result == 1)
		take_alone(picture);
	else
		take_by_helper(picture);
	if (picture->unavailable)
		take_by_signals(picture);
	if (!picture->entered)
		allotp_scan_unmap(picture->memory, picture->memory_size);
}

void allotp_picture_look_through(struct allot_picture *picture, unsigned int heuristics, uint64_t held_words)
{
	int result = prepare(picture);

	if (result) {
		allotp_look_failed(&allotp_state.store, result, ALLOT_LOOK_AT_MEMORY);
		ALLOTP_SYSCALL(SYS_exit_group, 1);
	}
	picture->look.heuristics = heuristics;
	picture->look.why = allotp_state.store.header->leaks.why;
	picture->held.used = held_words;
	look_through(picture);
}
