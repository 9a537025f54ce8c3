/* SPDX-License-Identifier: MIT */
/* Stopping all threads of another process by ptrace. */
#include "scan/world.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "common/clock.h"
#include "common/sys.h"

#define PATIENCE_NS UINT64_C(1000000000)
#define FINISH_NS UINT64_C(5000000)

enum { TURNS = 64 }; /* that a busy thread may take to finish: bytes that say so may be written to several times */

/* What getdents64 gives. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static char *put_number(char *to, uint32_t number)
{
	char digits[12];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + number % 10);
	} while (number /= 10);
	memcpy(to, digits + i, sizeof(digits) - i);
	return to + sizeof(digits) - i;
}

static char *put_text(char *to, const char *text)
{
	size_t size = strlen(text);

	memcpy(to, text, size + 1);
	return to + size;
}

static int open_tasks(int pid)
{
	char path[40];

	put_text(put_number(put_text(path, "/proc/"), (uint32_t)pid), "/task");
	return allotp_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

/* Whether the thread has ended already, and waits for the others; such a one cannot be traced. */
static bool is_over(int pid, int tid)
{
	char path[64], text[512];
	const char *state;
	long got;
	int fd;

	put_text(put_number(put_text(put_number(put_text(path, "/proc/"), (uint32_t)pid), "/task/"), (uint32_t)tid),
		 "/stat");
	fd = allotp_sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return true;
	got = allotp_sys_read(fd, text, sizeof(text) - 1);
	allotp_sys_close(fd);
	text[got > 0 ? got : 0] = 0;
	/* The name stands in parentheses and may hold some. */
	state = strrchr(text, ')');
	return !state || state[1] != ' ' || state[2] == 'Z' || state[2] == 'X' || state[2] == 'x';
}

/* Calls each for every thread; ends at the first negative result. */
static int each_thread(const struct allot_world *world, int (*each)(void *context, int tid), void *context)
{
	int fd = open_tasks(world->pid), result = 0;
	long got;

	if (fd < 0)
		return fd;
	while (result >= 0 && (got = ALLOTP_SYSCALL(SYS_getdents64, fd, world->buffer, world->buffer_size)) > 0) {
		for (long at = 0; result >= 0 && at < got;) {
			const struct entry *entry = (const void *)((const char *)world->buffer + at);
			int tid = 0;

			for (const char *c = entry->name; *c >= '0' && *c <= '9'; c++)
				tid = 10 * tid + (*c - '0');
			if (tid)
				result = each(context, tid);
			at += entry->size;
		}
	}
	allotp_sys_close(fd);
	return result < 0 ? result : 0;
}

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

	for (int turn = 0;; turn++) {
		long got = ALLOTP_SYSCALL(SYS_wait4, thread->tid, &status, __WALL | WNOHANG, NULL);

		if (got < 0)
			return (int)got;
		if (got)
			break;
		if (allotp_clock_ns(CLOCK_MONOTONIC) > deadline)
			return -ETIMEDOUT;
		if (turn > 16)
			ALLOTP_SYSCALL(SYS_nanosleep, &pause, NULL);
		else
			ALLOTP_SYSCALL(SYS_sched_yield);
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
		return result == -ESRCH || is_over(world->pid, tid) ? 0 : (int)result;
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
	do {
		stopping.found = false;
		result = each_thread(world, seize, &stopping);
		/* All are asked before any is waited for. */
		for (; !result && stopped < world->count; stopped++)
			result = wait_for(&world->threads[stopped], stopping.deadline);
	} while (!result && stopping.found);
	if (result)
		allotp_world_release(world);
	return result;
}

/* Sets the processor's own watch on writes to a byte; 0: none. */
static int watch(int tid, uint64_t address)
{
	enum { ENABLED = 1, WRITES = 1 << 16 };
	size_t control = offsetof(struct user, u_debugreg[7]), first = offsetof(struct user, u_debugreg[0]);
	long result = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_POKEUSER, tid, control, 0);

	if (!result && address)
		result = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_POKEUSER, tid, first, address);
	if (!result && address)
		result = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_POKEUSER, tid, control, ENABLED | WRITES);
	return (int)result;
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

/* Until it has written to the byte; or for some milliseconds, when it waits for another. */
static int finish(struct allot_world_thread *thread, uint64_t address)
{
	uint64_t deadline = allotp_clock_ns(CLOCK_MONOTONIC) + FINISH_NS;
	int result = watch(thread->tid, address), signal = thread->signal;

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
			break;
		}
		/* A signal that came meanwhile is passed on when all go on. */
		signal = signal ? signal : thread->signal;
	}
	if (thread->gone)
		return 0;
	watch(thread->tid, 0);
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
		struct user_regs_struct registers;
		struct iovec part = { &registers, sizeof(registers) };
		uint64_t address;

		if (thread->gone || ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETREGSET, thread->tid, NT_PRSTATUS, &part) < 0)
			continue;
		for (int turn = 0; !result && !thread->gone && registers.fs_base && turn < TURNS; turn++) {
			address = busy(context, registers.fs_base);
			if (!address)
				break;
			result = finish(thread, address);
		}
	}
	return result;
}

static int hold_thread(const struct allot_world *world, const struct allot_world_thread *thread,
		       struct allot_held *held)
{
	struct user_regs_struct registers;
	struct iovec part = { &registers, sizeof(registers) };
	long got = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETREGSET, thread->tid, NT_PRSTATUS, &part);
	int result;

	if (got == -ESRCH)
		return 0;
	if (got < 0)
		return (int)got;
	result = allotp_held_add(held, (uint64_t)thread->tid, registers.rsp - ALLOT_RED_ZONE, registers.fs_base);
	if (!result)
		result = allotp_held_words(held, &registers, sizeof(registers) / sizeof(uint64_t));
	part = (struct iovec){ world->buffer, world->buffer_size };
	if (!result && ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETREGSET, thread->tid, NT_X86_XSTATE, &part) >= 0)
		result = allotp_held_words(held, world->buffer, part.iov_len / sizeof(uint64_t));
	return result;
}

int allotp_world_hold(struct allot_world *world, struct allot_held *held, int except)
{
	int result = 0;

	for (uint32_t i = 0; !result && i < world->count; i++) {
		const struct allot_world_thread *thread = &world->threads[i];

		if (!thread->gone && thread->tid != except)
			result = hold_thread(world, thread, held);
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

static int count_thread(void *context, int tid)
{
	(void)tid;
	return ++*(int *)context > 1 ? -EEXIST : 0;
}

int allotp_world_count(int pid)
{
	char buffer[2048];
	const struct allot_world world = { .pid = pid, .buffer = buffer, .buffer_size = sizeof(buffer) };
	int count = 0, result = each_thread(&world, count_thread, &count);

	return result && result != -EEXIST ? result : count;
}
