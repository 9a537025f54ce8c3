/* SPDX-License-Identifier: MIT */
/* What of stopping threads is the processor's own, on arm64. */
#include "scan/machine.h"

#include <asm/sigcontext.h>
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

#ifndef NT_ARM_SVE
#define NT_ARM_SVE 0x405
#endif

/* A watch is taken before the instruction that it strikes. */
const bool allotp_machine_known = true, allotp_machine_strikes_early = true;

static long get_part(int tid, unsigned long which, void *to, size_t *size)
{
	struct iovec part = { to, *size };
	long result = ALLOTP_SYSCALL(SYS_ptrace, PTRACE_GETREGSET, tid, which, &part);

	*size = part.iov_len;
	return result;
}

static long set_part(int tid, unsigned long which, const void *from, size_t size)
{
	struct iovec part = { (void *)(uintptr_t)from, size };

	return ALLOTP_SYSCALL(SYS_ptrace, PTRACE_SETREGSET, tid, which, &part);
}

int allotp_machine_thread_pointer(int tid, uint64_t *pointer)
{
	uint64_t pointers[2] = { 0 };
	size_t size = sizeof(pointers);
	long result = get_part(tid, NT_ARM_TLS, pointers, &size);

	if (result < 0)
		return (int)result;
	*pointer = pointers[0];
	return 0;
}

int allotp_machine_hold(int tid, void *buffer, size_t buffer_size, struct allot_held *held)
{
	static const unsigned long large[] = { NT_PRFPREG, NT_ARM_SVE };
	struct user_regs_struct registers;
	size_t size = sizeof(registers);
	uint64_t pointer = 0;
	long got = get_part(tid, NT_PRSTATUS, &registers, &size);
	int result;

	if (got < 0)
		return got == -ESRCH ? 0 : (int)got;
	allotp_machine_thread_pointer(tid, &pointer);
	result = allotp_held_add(held, (uint64_t)tid, registers.sp, pointer);
	if (!result)
		result = allotp_held_words(held, &registers, sizeof(registers) / sizeof(uint64_t));
	for (size_t i = 0; !result && i < sizeof(large) / sizeof(large[0]); i++) {
		size = buffer_size;
		if (get_part(tid, large[i], buffer, &size) >= 0)
			result = allotp_held_words(held, buffer, size / sizeof(uint64_t));
	}
	return result;
}

int allotp_machine_watch(int tid, uint64_t address)
{
	enum { ENABLED = 1, IN_PROGRAMS = 2 << 1, STORES = 2 << 3, FIRST_BYTE = 5 };
	struct {
		uint32_t information, unused;
		struct {
			uint64_t address;
			uint32_t control, unused;
		} first;
	} state = { 0 };

	if (address) {
		state.first.address = address & ~UINT64_C(7);
		state.first.control = ENABLED | IN_PROGRAMS | STORES | 1u << (FIRST_BYTE + (address & 7));
	}
	return (int)set_part(tid, NT_ARM_HW_WATCH, &state, sizeof(state));
}

static_assert(sizeof(struct user_regs_struct) <= sizeof(((struct allot_machine_state *)NULL)->words),
	      "the registers have room");

static int get_registers(int tid, struct user_regs_struct *registers)
{
	size_t size = sizeof(*registers);
	long result = get_part(tid, NT_PRSTATUS, registers, &size);

	return result < 0 ? (int)result : 0;
}

/* A system call clears what of SVE's registers is beyond 16 bytes. */
int allotp_machine_save(int tid, struct allot_machine_state *state)
{
	state->vector_size = sizeof(state->vectors);
	if (get_part(tid, NT_ARM_SVE, state->vectors, &state->vector_size) < 0)
		state->vector_size = 0;
	return get_registers(tid, (void *)state->words);
}

int allotp_machine_restore(int tid, struct allot_machine_state *state)
{
	if (state->vector_size)
		set_part(tid, NT_ARM_SVE, state->vectors, state->vector_size);
	return (int)set_part(tid, NT_PRSTATUS, state->words, sizeof(struct user_regs_struct));
}

/*
 * A call that is to be started anew has been wound back before the stop is seen, so nothing need be said of that here; but a sleep
 * that is cut short begins anew, too.
 */
int allotp_machine_call(int tid, const struct allot_machine_state *state, uint64_t at, uint64_t number,
			const uint64_t arguments[4])
{
	struct user_regs_struct registers;

	memcpy(&registers, state->words, sizeof(registers));
	registers.pc = at;
	registers.regs[8] = number;
	for (int i = 0; i < 4; i++)
		registers.regs[i] = arguments[i];
	registers.regs[4] = 0;
	return (int)set_part(tid, NT_PRSTATUS, &registers, sizeof(registers));
}

int allotp_machine_result(int tid, int64_t *result)
{
	struct user_regs_struct registers;
	int failed = get_registers(tid, &registers);

	if (!failed)
		*result = (int64_t)registers.regs[0];
	return failed;
}

int allotp_machine_jump(int tid, uint64_t entry, uint64_t stack)
{
	/* What kind of jump has led there is checked by code that is guarded against wrong ones. */
	const uint64_t jump_kind = UINT64_C(3) << 10;
	struct user_regs_struct registers;
	int result = get_registers(tid, &registers);

	if (result)
		return result;
	registers.pc = entry;
	registers.sp = stack & ~UINT64_C(15);
	registers.regs[29] = registers.regs[30] = 0;
	registers.pstate &= ~jump_kind;
	return (int)set_part(tid, NT_PRSTATUS, &registers, sizeof(registers));
}

uint64_t allotp_machine_own_thread_pointer(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

/* What stands behind the registers in the frame: a row of parts, each with its kind and size in front, and one of none at its end. */
static int hold_parts(struct allot_held *held, const void *start, uint64_t size)
{
	const char *at = start, *end = at + size;
	int result = 0;

	while (!result && end - at >= (long)sizeof(struct _aarch64_ctx)) {
		struct _aarch64_ctx head;
		struct extra_context extra;

		memcpy(&head, at, sizeof(head));
		if (!head.magic || head.size < sizeof(head) || (uint64_t)(end - at) < head.size)
			break;
		result = allotp_held_words(held, at, head.size / sizeof(uint64_t));
		/* What had no room goes on right behind. */
		if (!result && head.magic == EXTRA_MAGIC && head.size >= sizeof(extra)) {
			memcpy(&extra, at, sizeof(extra));
			result = allotp_held_words(held, (const void *)(uintptr_t)extra.datap,
						   extra.size / sizeof(uint64_t));
		}
		at += head.size;
	}
	return result;
}

int allotp_machine_hold_context(int tid, const void *context, uint64_t thread_pointer, struct allot_held *held)
{
	const ucontext_t *interrupted = context;
	const mcontext_t *machine = &interrupted->uc_mcontext;
	int result = allotp_held_add(held, (uint64_t)tid, machine->sp, thread_pointer);

	if (!result && !(interrupted->uc_stack.ss_flags & SS_DISABLE))
		allotp_held_signal_stack(held, (uintptr_t)interrupted->uc_stack.ss_sp);
	if (!result)
		result = allotp_held_words(held, machine->regs, sizeof(machine->regs) / sizeof(uint64_t));
	if (!result)
		result = hold_parts(held, machine->__reserved, sizeof(machine->__reserved));
	return result;
}

void *allotp_machine_restorer(void)
{
	/* The kernel has one of its own. */
	return NULL;
}
