/* SPDX-License-Identifier: MIT */
/* What of stopping threads is the processor's own, on x86-64. */
#include "scan/machine.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <ucontext.h>

#include "common/sys.h"

const bool allotp_machine_known = true, allotp_machine_strikes_early = false;

static int get_registers(int tid, struct user_regs_struct *registers)
{
	struct iovec part = { registers, sizeof(*registers) };
	long result = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETREGSET, tid, NT_PRSTATUS, &part);

	return result < 0 ? (int)result : 0;
}

int allotp_machine_thread_pointer(int tid, uint64_t *pointer)
{
	struct user_regs_struct registers;
	int result = get_registers(tid, &registers);

	if (!result)
		*pointer = registers.fs_base;
	return result;
}

int allotp_machine_hold(int tid, void *buffer, size_t buffer_size, struct allot_held *held)
{
	struct iovec part = { buffer, buffer_size };
	struct user_regs_struct registers;
	int result = get_registers(tid, &registers);

	if (result)
		return result == -ESRCH ? 0 : result;
	result = allotp_held_add(held, (uint64_t)tid, registers.rsp - ALLOT_RED_ZONE, registers.fs_base);
	if (!result)
		result = allotp_held_words(held, &registers, sizeof(registers) / sizeof(uint64_t));
	if (!result && ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETREGSET, tid, NT_X86_XSTATE, &part) >= 0)
		result = allotp_held_words(held, buffer, part.iov_len / sizeof(uint64_t));
	return result;
}

int allotp_machine_watch(int tid, uint64_t address)
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

static int set_registers(int tid, const struct user_regs_struct *registers)
{
	struct iovec part = { (void *)(uintptr_t)registers, sizeof(*registers) };

	return (int)ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SETREGSET, tid, NT_PRSTATUS, &part);
}

static_assert(sizeof(struct user_regs_struct) <= sizeof(((struct allot_machine_state *)NULL)->words),
	      "the registers have room");

int allotp_machine_save(int tid, struct allot_machine_state *state)
{
	return get_registers(tid, (void *)state->words);
}

int allotp_machine_restore(int tid, struct allot_machine_state *state)
{
	return set_registers(tid, (const void *)state->words);
}

int allotp_machine_call(int tid, const struct allot_machine_state *state, uint64_t at, uint64_t number,
			const uint64_t arguments[4])
{
	struct user_regs_struct registers;

	memcpy(&registers, state->words, sizeof(registers));
	registers.rip = at;
	registers.rax = number;
	/* The kernel is not to start the call anew that the thread was in, yet. */
	registers.orig_rax = (unsigned long long)-1;
	registers.rdi = arguments[0];
	registers.rsi = arguments[1];
	registers.rdx = arguments[2];
	registers.r10 = arguments[3];
	registers.r8 = 0;
	return set_registers(tid, &registers);
}

int allotp_machine_result(int tid, int64_t *result)
{
	struct user_regs_struct registers;
	int failed = get_registers(tid, &registers);

	if (!failed)
		*result = (int64_t)registers.rax;
	return failed;
}

int allotp_machine_jump(int tid, uint64_t entry, uint64_t stack)
{
	struct user_regs_struct registers;
	int result = get_registers(tid, &registers);

	if (result)
		return result;
	registers.rip = entry;
	registers.rsp = stack;
	registers.rbp = 0;
	registers.orig_rax = (unsigned long long)-1;
	/* The direction that strings are copied in, as functions expect it. */
	registers.eflags &= ~UINT64_C(0x400);
	return set_registers(tid, &registers);
}

uint64_t allotp_machine_own_thread_pointer(void)
{
	enum { GET_FS = 0x1003 };
	uint64_t pointer = 0;

	/* What %fs:0 holds is the same where libc has made the thread; else there may be nothing to read. */
	ALLOTP_SYSCALL(SYS_arch_prctl, GET_FS, &pointer);
	return pointer;
}

/* How large what XSAVE has written is; the kernel says so in a part that it leaves to software. */
static size_t extended_size(const void *state)
{
	enum { OLD = 512, SOFTWARE = 464, MAGIC = 0x46505853, LARGEST = 1 << 16 };
	struct {
		uint32_t magic, with_end;
		uint64_t features;
		uint32_t size;
	} told;

	memcpy(&told, (const char *)state + SOFTWARE, sizeof(told));
	return told.magic == MAGIC && told.size > OLD && told.size <= LARGEST ? told.size : OLD;
}

int allotp_machine_hold_context(int tid, const void *context, uint64_t thread_pointer, struct allot_held *held)
{
	const ucontext_t *interrupted = context;
	const mcontext_t *machine = &interrupted->uc_mcontext;
	int result = allotp_held_add(held, (uint64_t)tid, (uint64_t)machine->gregs[REG_RSP] - ALLOT_RED_ZONE,
				     thread_pointer);

	if (!result && !(interrupted->uc_stack.ss_flags & SS_DISABLE))
		allotp_held_signal_stack(held, (uintptr_t)interrupted->uc_stack.ss_sp);
	if (!result)
		result = allotp_held_words(held, machine->gregs, sizeof(machine->gregs) / sizeof(uint64_t));
	if (!result && machine->fpregs)
		result = allotp_held_words(held, machine->fpregs, extended_size(machine->fpregs) / sizeof(uint64_t));
	return result;
}

__asm__(".pushsection .text\n"
	".type allotp_machine_return, @function\n"
	"	nop\n" /* unwinders look up the address before */
	"allotp_machine_return:\n"
	"	mov $15, %rax\n" /* rt_sigreturn */
	"	syscall\n"
	".size allotp_machine_return, . - allotp_machine_return\n"
	".popsection");
extern char allotp_machine_return[] __attribute__((visibility("hidden")));

void *allotp_machine_restorer(void)
{
	return allotp_machine_return;
}
