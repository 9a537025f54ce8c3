/* SPDX-License-Identifier: MIT */
/* Looking for leaks in this process: what the program says of them, and when it is looked. */
#include "preload/leaks.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "common/clock.h"
#include "common/sys.h"
#include "preload/access.h"
#include "preload/config.h"
#include "preload/objects.h"
#include "preload/picture.h"
#include "preload/state.h"
#include "preload/suppressions.h"
#include "preload/thread.h"
#include "store/drain.h"

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

/* ---- a copy that somebody else has made, from outside ---- */

#if defined(__x86_64__)
#define CALL_AND_STOP "	syscall\n	int3\n"
#elif defined(__aarch64__)
#define CALL_AND_STOP "	svc #0\n	brk #0\n"
#endif
#ifdef CALL_AND_STOP
__asm__(".pushsection .text\n"
	".type allotp_leaks_system_call, %function\n"
	"allotp_leaks_system_call:\n" CALL_AND_STOP
	".size allotp_leaks_system_call, . - allotp_leaks_system_call\n"
	".popsection");
#define SYSTEM_CALL ((uintptr_t)allotp_leaks_system_call)
extern const char allotp_leaks_system_call[] __attribute__((visibility("hidden")));
#else
#define SYSTEM_CALL 0
#endif

enum { STACK = 64 << 10 };

static char copy_stack[STACK] __attribute__((aligned(64)));

/* What the copy runs; nothing calls it. Some thread's registers were replaced to get here. */
static void begin_in_copy(void)
{
	static struct allot_picture picture = { .named = named, .named_count = NAMED };
	struct allot_leak_look *leaks = header_leaks();
	struct allot_caller caller = { .thread_pointer = thread_pointer() };
	int result = allotp_store_sync(&allotp_state.store);

	picture.caller = &caller;
	if (result) {
		allotp_look_failed(&allotp_state.store, result, ALLOT_LOOK_AT_MEMORY);
		ALLOTP_SYSCALL(SYS_exit_group, 1);
	}
	if (allotp_state.store.header->objects.wanted) {
		allotp_drain_inherit(&allotp_state.store);
		result = allotp_objects_look(allotp_state.store.header->objects.wanted > 1, true);
		ALLOTP_SYSCALL(SYS_exit_group, result ? 1 : 0);
	}
	allotp_picture_look_through(&picture, leaks->heuristics, leaks->held_words);
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

static uint64_t signal_stack(void)
{
	stack_t stack = { .ss_flags = SS_DISABLE };

	ALLOTP_SYSCALL(SYS_sigaltstack, NULL, &stack);
	return stack.ss_flags & SS_DISABLE ? 0 : (uintptr_t)stack.ss_sp;
}

/* The lock, when nobody looks any more: also not from outside, whose copy gives it up early. */
static int lock(struct allot_access *access)
{
	uint64_t since = allotp_clock_ns(CLOCK_MONOTONIC);

	for (;;) {
		int result = allotp_access_lock(access);

		/* One that was killed seems to look for ever. */
		if (result || __atomic_load_n(&header_leaks()->state, __ATOMIC_ACQUIRE) != ALLOT_LOOK_RUNNING ||
		    allotp_access_wait(since))
			return result;
		allotp_access_unlock(access);
	}
}

static int look(const struct allot_caller *caller, uint32_t *step)
{
	static struct allot_picture picture; /* for whoever looks */
	struct allot_access access;
	int result = lock(&access);

	if (result)
		return result;
	__atomic_store_n(&header_leaks()->state, ALLOT_LOOK_RUNNING, __ATOMIC_RELAXED);
	picture = (struct allot_picture){
		.caller = caller,
		.signals = access.signals,
		.named = named,
		.named_count = NAMED,
	};
	allotp_picture_take(&picture);
	result = picture.result;
	*step = picture.step;
	/* The copy took the lock over, and has given it up long ago, unless there was none. */
	allotp_access_leave(&access);
	return result;
}

static int try_to_look(const struct allot_caller *caller, uint32_t *step)
{
	uint64_t since = allotp_clock_ns(CLOCK_MONOTONIC);
	uint32_t idle = 0;
	int result;

	*step = ALLOT_LOOK_AT_FILTER;
	if (allotp_state.store.quiet)
		return -EPERM;
	*step = ALLOT_LOOK_AT_SAMPLES;
	if (allotp_state.sampling_bytes)
		return -ENOTSUP;
	*step = ALLOT_LOOK_AT_LOCK;
	/* In a forked child nobody is at it: fork wipes the guard. */
	while (!__atomic_compare_exchange_n(&allotp_guard->looking, &idle, 1, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		if (allotp_access_wait(since))
			return -EBUSY;
		idle = 0;
	}
	result = look(caller, step);
	__atomic_store_n(&allotp_guard->looking, 0, __ATOMIC_RELEASE);
	return result;
}

int allotp_leaks_look_above(uint64_t sp);

/* What it and those that it calls leave in the stack lies below sp, and keeps nothing. */
__attribute__((noinline, used)) int allotp_leaks_look_above(uint64_t sp)
{
	struct allot_caller caller = { .sp = sp };
	uint32_t step;
	int result;

	if (!allotp_recording())
		return -ENODATA;
	allotp_suppressions_ask();
	caller.thread_pointer = thread_pointer();
	caller.tid = allotp_sys_gettid();
	caller.signal_stack = signal_stack();
	result = try_to_look(&caller, &step);
	if (result)
		allotp_look_failed(&allotp_state.store, result, step);
	return result;
}

/* The frame of this function is the last that is looked at: it has the registers that belong to its caller. */
#if defined(__x86_64__)
/* And nothing else: in one that the compiler makes there are words that nobody sets, with what was there before. */
__asm__(".pushsection .text\n"
	".globl allotp_leaks_look\n"
	".hidden allotp_leaks_look\n"
	".type allotp_leaks_look, %function\n"
	"allotp_leaks_look:\n"
	"	.cfi_startproc\n"
	"	sub $56, %rsp\n"
	"	.cfi_adjust_cfa_offset 56\n"
	"	mov %rbx, (%rsp)\n"
	"	mov %rbp, 8(%rsp)\n"
	"	mov %r12, 16(%rsp)\n"
	"	mov %r13, 24(%rsp)\n"
	"	mov %r14, 32(%rsp)\n"
	"	mov %r15, 40(%rsp)\n"
	"	movq $0, 48(%rsp)\n"
	"	mov %rsp, %rdi\n"
	"	call allotp_leaks_look_above\n"
	"	add $56, %rsp\n"
	"	.cfi_adjust_cfa_offset -56\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size allotp_leaks_look, . - allotp_leaks_look\n"
	".popsection");
#else
__attribute__((noinline)) int allotp_leaks_look(void)
{
	uint64_t sp;
	int result;

	__builtin_unwind_init();
#if defined(__aarch64__)
	/* Volatile, or the compiler asks for it before it has saved them all. */
	__asm__ volatile("mov %0, sp" : "=r"(sp) : : "memory");
#else
	sp = (uintptr_t)__builtin_frame_address(0);
#endif
	result = allotp_leaks_look_above(sp);
	/* Were the call the last thing here, the frame would be gone by then. */
	__asm__ volatile("" : : : "memory");
	return result;
}
#endif

void allotp_leaks_at_exit(void)
{
	static bool looked;

	/* A forked child that has allocated nothing has nothing to lose. */
	if (!allotp_config.leaks || allotp_guard->mode != ALLOT_MODE_RECORDING ||
	    (uint32_t)allotp_sys_getpid() != allotp_state.store.header->pid)
		return;
	/* Several threads may exit at once. */
	if (__atomic_exchange_n(&looked, true, __ATOMIC_ACQ_REL))
		return;
	header_leaks()->at_exit = 1;
	allotp_leaks_look();
}
