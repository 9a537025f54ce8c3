/* SPDX-License-Identifier: MIT */
/* The steps of a walk that no short rule describes. */
#include "unwind/instructions.h"
#include "unwind/walker.h"

#include <errno.h>

/* A frame without unwind data is believed to be at most this large. */
#define FRAME_MAX (UINT64_C(1) << 20)

/* The register step by unwind data or by a signal's frame. -ENOENT: no caller; -ESRCH: no unwind data; or as cfi.h. */
static int advance(struct allot_walker *walker, struct allotp_registers *registers)
{
	struct allotp_cfi_scratch *scratch = &walker->scratch;
	uint64_t pc = registers->ip - !registers->exact;
	struct allotp_object object;
	bool found = allotp_object_find(pc, &object) == 0 && allotp_cfi_find(&object, pc, scratch) == 0;
	int error;

	/* The instructions are asked first: some trampolines have unwind data that forgets the interrupted one. */
	if (!found || scratch->row.signal) {
		error = allotp_instructions_signal_return(registers, &walker->memory);
		if (error == 0 && registers->ip == 0)
			return -ENOENT;
		if (error != -ENOENT)
			return error;
	}
	return found ? allotp_cfi_step(&scratch->row, registers, &walker->memory) : -ESRCH;
}

/*
 * Whether the address is the very start of a function: no call returns there, so it was put on the stack by hand, as
 * makecontext does for what is to be run when a coroutine ends.
 */
static bool is_function_start(struct allot_walker *walker, uint64_t address)
{
	struct allotp_object object;
	struct allotp_cfi_scratch *scratch = &walker->scratch;

	return allotp_object_find(address, &object) == 0 && allotp_cfi_find(&object, address, scratch) == 0 &&
	       scratch->start == address;
}

/* Walks with all registers from this very function outwards, until they are those of the frame. */
__attribute__((noinline)) static int find_registers(struct allot_walker *walker, const struct allotp_frame *frame)
{
	struct allotp_registers *full = &walker->full;

	if (!walker->full_valid) {
		*full = (struct allotp_registers){ .known = ALLOTP_REGISTERS_PRESERVED, .exact = true };
		allotp_registers_capture(full);
		if (ALLOTP_RA_IS_IP) {
			full->value[ALLOTP_REGISTER_RA] = full->ip;
			full->known |= ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_RA);
		}
	}
	/* The hook's own frames come on top of the limit. */
	for (uint32_t i = 0; i < walker->limit + 64; i++) {
		int error;

		if (full->value[ALLOTP_REGISTER_SP] == frame->sp && full->ip == frame->ip)
			return 0;
		error = advance(walker, full);
		if (error)
			return error;
	}
	return -ENODATA;
}

/*
 * The stack pointer of a frame that was found by the frame pointer, on processors whose frame record may lie anywhere in a
 * frame: its own rule says where, relative to both. Returns false if it does not.
 */
static bool place_by_record(struct allot_walker *walker, struct allotp_frame *frame)
{
	struct allotp_rule rule = allotp_rule_get(frame->ip - 1, walker->memo.epoch, &walker->scratch);
	uint64_t sp;

	if (rule.kind != ALLOTP_RULE_SP)
		return true; /* then all that sp is good for is to be less than the CFA */
	sp = frame->fp + rule.fp * 8u - (uint64_t)rule.cfa * 8;
	if (rule.fp == 0 || sp < frame->sp)
		return false;
	frame->sp = sp;
	return true;
}

/*
 * Whether a function can return to the address, which was found by a frame pointer that may be anything. In a loaded file
 * there is a call before it. JIT-compiled code pushes return addresses and jumps: there it is enough that the memory
 * is executable, as next to nothing on a stack is that is no return address.
 */
static bool is_returned_to(struct allot_walker *walker, uint64_t address)
{
	int executable = allotp_code_at(&walker->code, address);

	if (executable == 0)
		return false;
	return (executable == 1 && !allotp_object_known(address)) || allotp_instructions_after_call(address);
}

/* The frame pointer as the ABI has it: at the saved one, with the return address behind it. */
static enum allotp_step step_by_pointer(struct allot_walker *walker, struct allotp_frame *frame,
					struct allotp_frame *next)
{
	/* 0 marks a thread's first function; but JIT-compiled code may keep any number there. */
	enum allotp_step at_zero = allotp_object_known(frame->ip) ? ALLOTP_STEP_END : ALLOTP_STEP_STOP;
	uint64_t fp = frame->fp, ra;

	/* Whatever comes of it depends on fp: a rule for FP says so. */
	frame->rule = allotp_rule_word((struct allotp_rule){ .kind = ALLOTP_RULE_FP, .cfa = 2, .ra = 1, .fp = 2 });
	walker->end_word.address = 0;
	if (fp == 0)
		return at_zero;
	if (fp % 8 != 0 || fp < frame->sp || fp - frame->sp > FRAME_MAX || !allotp_memory_probe(fp) ||
	    !allotp_memory_probe(fp + 8))
		return ALLOTP_STEP_STOP;
	ra = allotp_memory_word(fp + 8);
	next->ip = allotp_address_strip(ra);
	next->sp = fp + 16;
	next->fp = allotp_memory_word(fp);
	next->signal = false;
	if (next->ip != 0 && is_returned_to(walker, next->ip)) {
		if (ALLOTP_RECORD_AT_CFA)
			return ALLOTP_STEP_CALLER;
		frame->rule = allotp_rule_word((struct allotp_rule){ .kind = ALLOTP_RULE_FULL });
		return place_by_record(walker, next) ? ALLOTP_STEP_CALLER : ALLOTP_STEP_STOP;
	}
	walker->end_word = (struct allotp_word){ .address = fp + 8, .value = ra };
	return next->ip == 0 ? at_zero : ALLOTP_STEP_STOP;
}

enum allotp_step allotp_step_slow(struct allot_walker *walker, struct allotp_frame *frame, struct allotp_frame *next)
{
	struct allotp_registers registers = { .ip = frame->ip, .exact = frame->signal };
	int error;

	registers.value[ALLOTP_REGISTER_SP] = frame->sp;
	registers.value[ALLOTP_REGISTER_FP] = frame->fp;
	registers.known = ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_SP) | ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_FP);
	if (ALLOTP_RA_IS_IP) {
		registers.value[ALLOTP_REGISTER_RA] = frame->ip;
		registers.known |= ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_RA);
	}
	error = advance(walker, &registers);
	if (error == -ESRCH && !frame->signal && is_function_start(walker, frame->ip)) {
		frame->rule = allotp_rule_word((struct allotp_rule){ .kind = ALLOTP_RULE_END });
		walker->end_word.address = 0;
		return ALLOTP_STEP_END;
	}
	if (error == -ESRCH)
		return step_by_pointer(walker, frame, next);
	frame->rule = allotp_rule_word((struct allotp_rule){ .kind = ALLOTP_RULE_FULL });
	if (error == -ENODATA) {
		error = find_registers(walker, frame);
		walker->full_valid = error == 0;
		if (!error)
			error = advance(walker, &walker->full);
		registers = walker->full;
	}
	if (error) {
		walker->end_word = allotp_word_never(walker);
		return error == -ENOENT ? ALLOTP_STEP_END : ALLOTP_STEP_STOP;
	}
	next->ip = registers.ip;
	next->sp = registers.value[ALLOTP_REGISTER_SP];
	next->fp = registers.known & ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_FP) ? registers.value[ALLOTP_REGISTER_FP] : 0;
	next->signal = registers.exact;
	return ALLOTP_STEP_CALLER;
}
