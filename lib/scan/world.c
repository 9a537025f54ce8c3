/* SPDX-License-Identifier: MIT */
/* Stopping all threads of another process by ptrace. */
#include "scan/world.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "common/clock.h"
#include "common/sys.h"
#include "scan/inject.h"
#include "scan/machine.h"
#include "scan/tasks.h"

#define PATIENCE_NS UINT64_C(1000000000)
#define FINISH_NS UINT64_C(5000000)

enum { TURNS = 64 }; /* that a busy thread may take to finish: bytes that say so may be written to several times */

struct stopping {
	struct allot_world *world;
	uint64_t deadline;
	bool found; /* a thread that was not known */
};

static struct allot_world_thread *find_thread(const struct allot_world *world, int tid)
{
	for (uint32_t i = 0; i < world->count; i++) {
		if (world->threads[i].tid == tid)
			return &world->threads[i];
	}
	return NULL;
}

static int wait_for(struct allot_world_thread *thread, uint64_t deadline)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	int status = 0;

	for (;;) {
		long got = ALLOTP_SYSCALL(SYS_wait4, thread->tid, &status, __WALL | WNOHANG, NULL);

		if (got < 0)
			return (int)got;
		if (got)
			break;
		if (allotp_clock_ns(CLOCK_MONOTONIC) > deadline)
			return -ETIMEDOUT;
		/* To yield would give whole time slices away where others want to run. */
		ALLOTP_SYSCALL(SYS_nanosleep, &pause, NULL);
	}
	if (!WIFSTOPPED(status))
		thread->gone = true;
	else if (!(status >> 16))
		thread->signal = WSTOPSIG(status);
	return 0;
}

static int seize(void *context, int tid)
{
	struct stopping *stopping = context;
	struct allot_world *world = stopping->world;
	long result;

	if (find_thread(world, tid))
		return 0;
	if (world->count == world->capacity)
		return -EFBIG;
	result = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SEIZE, tid, 0, 0);
	if (result < 0)
		return result == -ESRCH || allotp_tasks_over(world->pid, tid) ? 0 : (int)result;
	stopping->found = true;
	world->threads[world->count++] = (struct allot_world_thread){ .tid = tid };
	ALLOTP_SYSCALL(SYS_ptrace, PTRACE_INTERRUPT, tid, 0, 0);
	return 0;
}

int allotp_world_stop(struct allot_world *world)
{
	struct stopping stopping = { .world = world, .deadline = allotp_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS };
	uint32_t stopped = 0;
	int result;

	world->count = 0;
	if (!allotp_machine_known)
		return -ENOTSUP;
	do {
		stopping.found = false;
		result = allotp_tasks_each(world->pid, world->buffer, world->buffer_size, seize, &stopping);
		/* All are asked before any is waited for. */
		for (; !result && stopped < world->count; stopped++)
			result = wait_for(&world->threads[stopped], stopping.deadline);
	} while (!result && stopping.found);
	if (result)
		allotp_world_release(world);
	return result;
}

/* Whether the watch has struck, though the thread has stopped for another reason: it would get the signal when it goes on. */
static bool is_struck(int tid)
{
	const struct {
		uint64_t from;
		uint32_t flags;
		int32_t count;
	} all = { .count = 8 };
	siginfo_t pending[8];
	long count = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_PEEKSIGINFO, tid, &all, pending);

	for (long i = 0; i < count; i++) {
		if (pending[i].si_signo == SIGTRAP && pending[i].si_code == TRAP_HWBKPT)
			return true;
	}
	return false;
}

/* Takes such a signal from it. */
static void take_strike(struct allot_world_thread *thread)
{
	uint64_t deadline = allotp_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;

	while (!thread->gone && is_struck(thread->tid)) {
		thread->signal = 0;
		if (ALLOTP_SYSCALL(SYS_ptrace, PTRACE_CONT, thread->tid, 0, 0) || wait_for(thread, deadline))
			return;
	}
}

/* Where the watch strikes before the byte is written: lets the thread write it. */
static int step_over(struct allot_world_thread *thread)
{
	int result;

	if (!allotp_machine_strikes_early)
		return 0;
	result = (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SINGLESTEP, thread->tid, 0, 0);
	if (!result)
		result = wait_for(thread, allotp_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS);
	return result;
}

/* Until it has written to the byte; or for some milliseconds, when it waits for another. */
static int finish(struct allot_world_thread *thread, uint64_t address)
{
	uint64_t deadline = allotp_clock_ns(CLOCK_MONOTONIC) + FINISH_NS;
	int result = allotp_machine_watch(thread->tid, address), signal = thread->signal;

	while (!result) {
		result = (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_CONT, thread->tid, 0, 0);
		if (result)
			break;
		thread->signal = 0;
		result = wait_for(thread, deadline);
		if (result == -ETIMEDOUT) {
			ALLOTP_SYSCALL(SYS_ptrace, PTRACE_INTERRUPT, thread->tid, 0, 0);
			result = wait_for(thread, deadline + PATIENCE_NS);
			result = result ? result : -EAGAIN;
		} else if (!result && (thread->signal == SIGTRAP || thread->gone)) {
			thread->signal = 0;
			allotp_machine_watch(thread->tid, 0);
			if (!thread->gone)
				result = step_over(thread);
			break;
		}
		/* A signal that came meanwhile is passed on when all go on. */
		signal = signal ? signal : thread->signal;
	}
	if (thread->gone)
		return 0;
	allotp_machine_watch(thread->tid, 0);
	signal = thread->signal && thread->signal != SIGTRAP ? thread->signal : signal;
	take_strike(thread);
	thread->signal = thread->signal && thread->signal != SIGTRAP ? thread->signal : signal;
	return result;
}

int allotp_world_settle(struct allot_world *world, uint64_t (*busy)(void *context, uint64_t thread_pointer),
			void *context)
{
	int result = 0;

	for (uint32_t i = 0; !result && i < world->count; i++) {
		struct allot_world_thread *thread = &world->threads[i];
		uint64_t pointer, address;

		if (thread->gone || allotp_machine_thread_pointer(thread->tid, &pointer))
			continue;
		for (int turn = 0; !result && !thread->gone && pointer && turn < TURNS; turn++) {
			address = busy(context, pointer);
			if (!address)
				break;
			result = finish(thread, address);
		}
	}
	return result;
}

/*
 * Where its stack for signal handlers begins; 0: it has none. Only the thread itself is told. One that is about to take a signal
 * is not asked: what came with the signal would be lost.
 */
static uint64_t signal_stack(const struct allot_world *world, const struct allot_world_thread *thread)
{
	struct allot_injection ask = {
		.at = world->system_call,
		.number = SYS_sigaltstack,
		.arguments = { 0, world->scratch },
	};
	uint64_t words[2] = { 0, SS_DISABLE };

	if (!world->system_call || thread->signal || allotp_inject(thread->tid, &ask) || ask.result)
		return 0;
	for (size_t i = 0; i < 2; i++)
		ALLOTP_SYSCALL(SYS_ptrace, PTRACE_PEEKDATA, thread->tid, world->scratch + i * sizeof(words[0]),
			       &words[i]);
	return words[1] & SS_DISABLE ? 0 : words[0];
}

int allotp_world_hold(struct allot_world *world, struct allot_held *held, int except)
{
	int result = 0;

	for (uint32_t i = 0; !result && i < world->count; i++) {
		const struct allot_world_thread *thread = &world->threads[i];
		uint32_t before = held->threads;

		if (thread->gone || thread->tid == except)
			continue;
		result = allotp_machine_hold(thread->tid, world->buffer, world->buffer_size, held);
		if (!result && held->threads > before)
			allotp_held_signal_stack(held, signal_stack(world, thread));
	}
	return result;
}

void allotp_world_release(struct allot_world *world)
{
	for (uint32_t i = 0; i < world->count; i++) {
		struct allot_world_thread *thread = &world->threads[i];

		/* One that has not stopped yet cannot be let go. */
		if (!thread->gone &&
		    ALLOTP_SYSCALL(SYS_ptrace, PTRACE_DETACH, thread->tid, 0, (long)thread->signal) == -ESRCH &&
		    !wait_for(thread, allotp_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS) && !thread->gone)
			ALLOTP_SYSCALL(SYS_ptrace, PTRACE_DETACH, thread->tid, 0, (long)thread->signal);
	}
	world->count = 0;
}
