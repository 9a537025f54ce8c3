/* SPDX-License-Identifier: MIT */
/* Having another process do something. */
#include "scan/inject.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "common/sys.h"
#include "scan/machine.h"

static int set_mask(int tid, uint64_t mask)
{
	return (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SETSIGMASK, tid, sizeof(mask), &mask);
}

/* Lets the thread go until it stops again. */
static int step(int tid, int *status)
{
	long got = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_CONT, tid, 0, 0);

	if (got < 0)
		return (int)got;
	do {
		got = ALLOTP_SYSCALL(SYS_wait4, tid, status, __WALL, NULL);
	} while (got == -EINTR);
	if (got < 0)
		return (int)got;
	return WIFSTOPPED(*status) ? 0 : -ESRCH;
}

static bool is_event(int status, int event)
{
	return status >> 8 == (SIGTRAP | event << 8);
}

/* To the breakpoint; a child is noted on the way, when it has stopped. */
static int run(int tid, struct allot_injection *injection)
{
	for (;;) {
		unsigned long child = 0;
		int status, result = step(tid, &status);

		if (result)
			return result;
		if (is_event(status, PTRACE_EVENT_CLONE)) {
			ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETEVENTMSG, tid, 0, &child);
			injection->child = (int)child;
		} else if (WSTOPSIG(status) == SIGTRAP && !(status >> 16)) {
			return 0;
		}
		/* Else it is asked to stop once more, by whatever: it goes on. */
	}
}

/* The call itself, by a thread that has all signals blocked. */
static int call(int tid, struct allot_injection *injection, const struct allot_machine_state *before)
{
	bool clones = injection->number == SYS_clone;
	int result;

	injection->child = 0;
	if (clones)
		ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SETOPTIONS, tid, 0, PTRACE_O_TRACECLONE);
	result = allotp_machine_call(tid, before, injection->at, injection->number, injection->arguments);
	if (!result)
		result = run(tid, injection);
	if (!result)
		result = allotp_machine_result(tid, &injection->result);
	if (clones)
		ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SETOPTIONS, tid, 0, 0);
	return result;
}

int allotp_inject(int tid, struct allot_injection *injection)
{
	struct allot_machine_state before;
	uint64_t mask = 0;
	int result = allotp_machine_save(tid, &before), status;

	if (!result)
		result = (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETSIGMASK, tid, sizeof(mask), &mask);
	if (!result)
		result = set_mask(tid, ~UINT64_C(0));
	if (result)
		return result;
	result = call(tid, injection, &before);
	allotp_machine_restore(tid, &before);
	set_mask(tid, mask);
	if (!result && injection->child)
		ALLOTP_SYSCALL(SYS_wait4, injection->child, &status, __WALL, NULL);
	return result;
}

int allotp_inject_start(int pid, uint64_t entry, uint64_t stack)
{
	int result = allotp_machine_jump(pid, entry, stack);

	if (!result)
		result = set_mask(pid, ~UINT64_C(0));
	if (!result)
		result = (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_DETACH, pid, 0, 0);
	return result;
}
