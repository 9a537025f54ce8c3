/* SPDX-License-Identifier: MIT */
/*
 * Looking for leaks in this process. The picture is a copy that fork makes while all threads stand still; it is looked
 * through in the copy. A program of one thread forks by itself. Otherwise a helper stops the threads by ptrace, which no thread
 * can do to its siblings: a process that shares our memory, and is gone when the copy is done.
 */
#include "preload/leaks.h"

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
#include "preload/access.h"
#include "preload/bootstrap.h"
#include "preload/config.h"
#include "preload/modules.h"
#include "preload/objects.h"
#include "preload/real.h"
#include "preload/state.h"
#include "preload/thread.h"
#include "scan/look.h"
#include "scan/world.h"
#include "snapshot/snapshot.h"
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

/* The calling thread. Its registers, as its caller left them, are in its stack. */
struct caller {
	uint64_t sp; /* what lies below is ours */
	uint64_t thread_pointer;
	int tid;
};

/* What the helper is given, and what it leaves. */
struct picture {
	struct allot_look look;
	struct allot_held held;
	struct allot_world world;
	void *memory; /* for all that is made for the picture alone */
	size_t memory_size;
	size_t range_room; /* it begins with so many ranges that are ours */
	const struct caller *caller;
	uint32_t ready; /* the helper may begin (atomic, and a futex) */
	int result;
	uint32_t step;
};

static uint64_t thread_pointer(void)
{
#if defined(__x86_64__)
	uint64_t pointer;

	__asm__("mov %%fs:0, %0" : "=r"(pointer));
	return pointer;
#else
	return (uintptr_t)__builtin_thread_pointer();
#endif
}

static struct allot_leak_look *header_leaks(void)
{
	return &allotp_state.store.header->leaks;
}

/* ---- what the program has named ---- */

/* Empty where start is 0. One that is being written when the picture is taken is not there yet. */
enum { NAMED = 256 };
static struct allot_range named[NAMED];

int allotp_leaks_name(uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < NAMED; i++) {
		uint64_t none = 0;

		if (!__atomic_compare_exchange_n(&named[i].start, &none, start, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			continue;
		__atomic_store_n(&named[i].end, end, __ATOMIC_RELEASE);
		return 0;
	}
	return -ENOSPC;
}

int allotp_leaks_unname(uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < NAMED; i++) {
		if (__atomic_load_n(&named[i].start, __ATOMIC_ACQUIRE) != start ||
		    __atomic_load_n(&named[i].end, __ATOMIC_ACQUIRE) != end)
			continue;
		__atomic_store_n(&named[i].end, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&named[i].start, 0, __ATOMIC_RELEASE);
		return 0;
	}
	return -ENOENT;
}

/* ---- what is ours, and no root ---- */

static size_t add_range(struct allot_range *ranges, size_t count, const void *start, size_t size)
{
	ranges[count] = (struct allot_range){ (uintptr_t)start, (uintptr_t)start + size };
	return count + (size != 0);
}

/* In the copy: the drainer's memory may have moved at the last moment. */
static void list_own(struct picture *picture)
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

static void plan(struct picture *picture)
{
	const struct allot_header *header = allotp_state.store.header;
	struct allot_extent libc = allotp_modules_extent((uintptr_t)allotp_real.malloc);
	struct allot_roots *roots = &picture->look.roots;

	picture->look.store = &allotp_state.store;
	picture->look.heuristics = allotp_config.heuristics;
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
static int prepare(struct picture *picture)
{
	size_t room = FIXED_RANGES + 1 + __atomic_load_n(&allotp_state.store.header->slot_count, __ATOMIC_RELAXED);
	size_t ranges = room * sizeof(struct allot_range),
	       threads = ALLOT_WORLD_THREADS * sizeof(struct allot_world_thread);
	char *memory;

	picture->memory_size = ranges + threads + ALLOT_WORLD_BUFFER + 2 * STACK;
	picture->memory = memory = allotp_scan_map(picture->memory_size);
	if (!memory)
		return -ENOMEM;
	plan(picture);
	picture->range_room = room;
	picture->world.threads = (void *)(memory + ranges);
	picture->world.capacity = ALLOT_WORLD_THREADS;
	picture->world.buffer = memory + ranges + threads;
	picture->world.buffer_size = ALLOT_WORLD_BUFFER;
	picture->world.pid = (int)allotp_state.pid;
	return 0;
}

/* ---- the copy ---- */

/* In the copy: nothing of the program runs in it any more, whose descriptors and name it has. */
static int look_through(void *context)
{
	struct picture *picture = context;
	int result;

	allotp_drain_inherit(&allotp_state.store);
	list_own(picture);
	picture->look.roots.more = named;
	picture->look.roots.more_count = NAMED;
	ALLOTP_SYSCALL(SYS_close_range, 0, ~0u, 0);
	ALLOTP_SYSCALL(SYS_prctl, PR_SET_NAME, "allot-leaks", 0, 0, 0);
	result = allotp_look(&picture->look, picture->held.used);
	return (int)ALLOTP_SYSCALL(SYS_exit_group, result ? 1 : 0);
}

static int wait_for_copy(int pid)
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

static int failed(struct picture *picture, int result, uint32_t step)
{
	picture->result = result;
	picture->step = step;
	return result;
}

/* The calling thread; its registers are in its stack. */
static int hold_caller(struct picture *picture)
{
	int result;

	picture->held = (struct allot_held){ .store = &allotp_state.store };
	result = allotp_held_add(&picture->held, (uint64_t)picture->caller->tid, picture->caller->sp,
				 picture->caller->thread_pointer);
	return result ? failed(picture, result, ALLOT_LOOK_AT_STORE) : 0;
}

/* Forks, in a world that stands still. Returns the copy's number, or 0 when that failed. */
static int take(struct picture *picture)
{
	/* A fork past all handlers, without a signal at its end, and with a stack that is large enough. */
	int pid = clone(look_through, (char *)picture->memory + picture->memory_size - STACK, CLONE_UNTRACED, picture);

	if (pid >= 0)
		return pid;
	failed(picture, -errno, ALLOT_LOOK_AT_FORK);
	return 0;
}

static void note_stop(const struct picture *picture, uint64_t begun, enum allot_look_method method)
{
	header_leaks()->stop_ns = allotp_clock_ns(CLOCK_MONOTONIC) - begun;
	header_leaks()->threads = picture->held.threads;
	header_leaks()->method = method;
}

static void see_to_copy(struct picture *picture, int pid)
{
	int result = pid ? wait_for_copy(pid) : 0;

	if (result)
		failed(picture, result, ALLOT_LOOK_AT_COPY);
}

static void picture_alone(struct picture *picture)
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
	const struct picture *picture = context;
	const struct allot_thread *own =
		(const void *)(uintptr_t)(pointer + (uint64_t)picture->look.roots.own_thread_offset);

	/* One made by clone may have somebody else's pointer, or one of its own making. Says EFAULT for what cannot be read. */
	if (ALLOTP_SYSCALL(SYS_rt_sigprocmask, -1, &own->moving, NULL, 8) == -EFAULT)
		return 0;
	if (own->moving)
		return (uintptr_t)&own->moving;
	return own->depth ? (uintptr_t)&own->depth : 0;
}

static int hold_world(struct picture *picture)
{
	int result = hold_caller(picture);

	if (result)
		return result;
	result = allotp_world_hold(&picture->world, &picture->held, picture->caller->tid);
	return result ? failed(picture, result, ALLOT_LOOK_AT_THREADS) : 0;
}

/* Returns 0 with the world stopped and held, and nobody in the middle of realloc; else it goes on. */
static int stop_world(struct picture *picture, uint64_t *begun)
{
	int result;

	for (int attempt = 0;; attempt++) {
		*begun = allotp_clock_ns(CLOCK_MONOTONIC);
		result = allotp_world_stop(&picture->world);
		if (result)
			return failed(picture, result, ALLOT_LOOK_AT_THREADS);
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
	struct picture *picture = context;
	uint64_t begun;
	int pid;

	while (!__atomic_load_n(&picture->ready, __ATOMIC_ACQUIRE))
		ALLOTP_SYSCALL(SYS_sched_yield);
	if (!stop_world(picture, &begun)) {
		allotp_drain_rest(&allotp_state.store);
		pid = take(picture);
		allotp_world_release(&picture->world);
		note_stop(picture, begun, ALLOT_LOOK_PTRACE);
		see_to_copy(picture, pid);
	}
	return (int)ALLOTP_SYSCALL(SYS_exit, 0);
}

static void picture_by_helper(struct picture *picture)
{
	char *stack = (char *)picture->memory + picture->memory_size;
	int pid = clone(help, stack, CLONE_VM | CLONE_FS | CLONE_UNTRACED, picture);

	if (pid < 0) {
		failed(picture, -errno, ALLOT_LOOK_AT_FORK);
		return;
	}
	/* Where only parents may trace, it is allowed to by name. */
	ALLOTP_SYSCALL(SYS_prctl, PR_SET_PTRACER, pid, 0, 0, 0);
	__atomic_store_n(&picture->ready, 1, __ATOMIC_RELEASE);
	wait_for_copy(pid);
	ALLOTP_SYSCALL(SYS_prctl, PR_SET_PTRACER, 0, 0, 0, 0);
}

/* ---- a copy that somebody else has made, from outside ---- */

#if defined(__x86_64__)
__asm__(".pushsection .text\n"
	".type allotp_leaks_system_call, @function\n"
	"allotp_leaks_system_call:\n"
	"	syscall\n"
	"	int3\n"
	".size allotp_leaks_system_call, . - allotp_leaks_system_call\n"
	".popsection");
#define SYSTEM_CALL ((uintptr_t)allotp_leaks_system_call)
extern const char allotp_leaks_system_call[] __attribute__((visibility("hidden")));
#else
#define SYSTEM_CALL 0
#endif

static char copy_stack[STACK] __attribute__((aligned(64)));

/* What the copy runs; nothing calls it. Some thread's registers were replaced to get here. */
static void begin_in_copy(void)
{
	static struct picture picture;
	struct allot_leak_look *leaks = header_leaks();
	struct caller caller = { .thread_pointer = thread_pointer() };
	int result = allotp_store_sync(&allotp_state.store);

	picture.caller = &caller;
	if (!result)
		result = prepare(&picture);
	if (result) {
		allotp_look_failed(&allotp_state.store, result, ALLOT_LOOK_AT_MEMORY);
		ALLOTP_SYSCALL(SYS_exit_group, 1);
	}
	if (allotp_state.store.header->objects.wanted) {
		allotp_drain_inherit(&allotp_state.store);
		result = allotp_objects_look(allotp_state.store.header->objects.wanted > 1);
		allotp_drain_unlock(&allotp_state.store);
		ALLOTP_SYSCALL(SYS_exit_group, result ? 1 : 0);
	}
	picture.look.heuristics = leaks->heuristics;
	picture.held.used = leaks->held_words;
	look_through(&picture);
}

void allotp_leaks_announce(struct allot_store *store)
{
	struct allot_leak_look *leaks = &store->header->leaks;

	leaks->entry = (uintptr_t)begin_in_copy;
	/* As a call leaves it. */
	leaks->stack = (uintptr_t)copy_stack + STACK - 8;
	leaks->system_call = SYSTEM_CALL;
	leaks->moving_offset = (int64_t)((uintptr_t)&allotp_thread.moving - thread_pointer());
	leaks->depth_offset = (int64_t)((uintptr_t)&allotp_thread.depth - thread_pointer());
}

/* ---- a look ---- */

static void look(struct picture *picture)
{
	struct allot_store *store = &allotp_state.store;
	int result = prepare(picture);

	if (result) {
		failed(picture, result, ALLOT_LOOK_AT_MEMORY);
		return;
	}
	allotp_drain_now(store);
	result = allotp_world_count((int)allotp_state.pid);
	if (result < 0)
		failed(picture, result, ALLOT_LOOK_AT_MAPPINGS);
	else if (result == 1)
		picture_alone(picture);
	else
		picture_by_helper(picture);
	allotp_scan_unmap(picture->memory, picture->memory_size);
}

static int try_to_look(const struct caller *caller, uint32_t *step)
{
	static struct picture picture; /* for whoever has the lock */
	struct allot_access access;
	int result;

	*step = ALLOT_LOOK_AT_FILTER;
	if (allotp_state.store.quiet)
		return -EPERM;
	*step = ALLOT_LOOK_AT_SAMPLES;
	if (allotp_state.sampling_bytes)
		return -ENOTSUP;
	*step = ALLOT_LOOK_AT_LOCK;
	result = allotp_access_lock(&access);
	if (result)
		return result;
	__atomic_store_n(&header_leaks()->state, ALLOT_LOOK_RUNNING, __ATOMIC_RELAXED);
	picture = (struct picture){ .caller = caller };
	look(&picture);
	result = picture.result;
	*step = picture.step;
	/* The copy took the lock over, and has given it up long ago, unless there was none. */
	allotp_access_leave(&access);
	return result;
}

/* The frame of this function is the last that is looked at: it has the registers that belong to its caller. */
__attribute__((noinline)) int allotp_leaks_look(void)
{
	struct caller caller;
	uint32_t step;
	int result;

	if (!allotp_recording())
		return -ENODATA;
	__builtin_unwind_init();
	caller.thread_pointer = thread_pointer();
	caller.tid = allotp_sys_gettid();
#if defined(__x86_64__)
	__asm__("mov %%rsp, %0" : "=r"(caller.sp));
#else
	caller.sp = (uintptr_t)__builtin_frame_address(0);
#endif
	result = try_to_look(&caller, &step);
	if (result)
		allotp_look_failed(&allotp_state.store, result, step);
	return result;
}

void allotp_leaks_at_exit(void)
{
	static bool looked;

	/* A forked child that has allocated nothing has nothing to lose. */
	if (!allotp_config.leaks || looked || allotp_guard->mode != ALLOT_MODE_RECORDING ||
	    (uint32_t)allotp_sys_getpid() != allotp_state.store.header->pid)
		return;
	looked = true;
	header_leaks()->at_exit = 1;
	allotp_leaks_look();
}
