/* SPDX-License-Identifier: MIT */
/* Having another process do something. */
#include "scan/inject.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "common/sys.h"

static int get_registers(int tid, struct user_regs_struct *registers)
{
	struct iovec part = { registers, sizeof(*registers) };

	return (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETREGSET, tid, NT_PRSTATUS, &part);
}

static int set_registers(int tid, const struct user_regs_struct *registers)
{
	struct iovec part = { (void *)(uintptr_t)registers, sizeof(*registers) };

	return (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SETREGSET, tid, NT_PRSTATUS, &part);
}

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

int allotp_inject(int tid, struct allot_injection *injection)
{
	struct user_regs_struct before, registers;
	uint64_t mask = 0;
	int result = get_registers(tid, &before), status;

	if (result)
		return result;
	registers = before;
	registers.rip = injection->at;
	registers.rax = injection->number;
	/* The kernel is not to start the call anew that the thread was in, yet. */
	registers.orig_rax = (unsigned long long)-1;
	registers.rdi = injection->arguments[0];
	registers.rsi = injection->arguments[1];
	registers.rdx = injection->arguments[2];
	registers.r10 = injection->arguments[3];
	registers.r8 = 0;
	injection->child = 0;
	result = (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETSIGMASK, tid, sizeof(mask), &mask);
	if (!result)
		result = set_mask(tid, ~UINT64_C(0));
	if (result)
		return result;
	if (injection->number == SYS_clone)
		ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SETOPTIONS, tid, 0, PTRACE_O_TRACECLONE);
	result = set_registers(tid, &registers);
	if (!result)
		result = run(tid, injection);
	if (!result)
		result = get_registers(tid, &registers);
	if (injection->number == SYS_clone)
		ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SETOPTIONS, tid, 0, 0);
	set_registers(tid, &before);
	set_mask(tid, mask);
	if (result)
		return result;
	injection->result = (int64_t)registers.rax;
	if (injection->child)
		ALLOTP_SYSCALL(SYS_wait4, injection->child, &status, __WALL, NULL);
	return 0;
}

int allotp_inject_start(int pid, uint64_t entry, uint64_t stack)
{
	struct user_regs_struct registers;
	int result = get_registers(pid, &registers);

	if (result)
		return result;
	registers.rip = entry;
	registers.rsp = stack;
	registers.rbp = 0;
	registers.orig_rax = (unsigned long long)-1;
	/* The direction that strings are copied in, as functions expect it. */
	registers.eflags &= ~UINT64_C(0x400);
	result = set_registers(pid, &registers);
	if (!result)
		result = set_mask(pid, ~UINT64_C(0));
	if (!result)
		result = (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_DETACH, pid, 0, 0);
	return result;
}
