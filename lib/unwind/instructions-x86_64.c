/* SPDX-License-Identifier: MIT */
/* The signal frame of x86-64 Linux, and its calls. */
#include "unwind/instructions.h"

#include <errno.h>
#include <string.h>

/* mov $SYS_rt_sigreturn, %rax; syscall */
static const uint8_t sigreturn[] = { 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 };

/* A ucontext: flags, link, the alternate stack (24 bytes), then the general registers in this order (by number). */
#define GENERAL 40
static const uint8_t order[] = { 8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, ALLOTP_REGISTER_RA };

int allotp_instructions_signal_return(struct allotp_registers *registers, struct allotp_memory *memory)
{
	const uint64_t sp_bit = ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_SP);
	uint64_t context = registers->value[ALLOTP_REGISTER_SP] + GENERAL;
	struct allotp_registers interrupted = { .exact = true };

	if (!(registers->known & sp_bit) || context % 8 != 0 || !allotp_memory_probe(registers->ip) ||
	    !allotp_memory_probe(registers->ip + sizeof(sigreturn) - 1) ||
	    memcmp((const void *)(uintptr_t)registers->ip, sigreturn, sizeof(sigreturn)) != 0)
		return -ENOENT;
	if (!allotp_memory_reach(memory, context, sizeof(uint64_t) * sizeof(order)))
		return -EFAULT;
	for (unsigned i = 0; i < sizeof(order); i++)
		interrupted.value[order[i]] = allotp_memory_word(context + 8 * i);
	interrupted.ip = interrupted.value[ALLOTP_REGISTER_RA];
	interrupted.known = ALLOTP_REGISTER_BIT(ALLOTP_REGISTERS) - 1;
	*registers = interrupted;
	return 0;
}

/* Whether the bytes are call *operand of just this length, without its prefixes. */
static bool is_indirect_call(const uint8_t *code, unsigned length)
{
	unsigned mod = code[1] >> 6, rm = code[1] & 7, expected = 2;

	if (code[0] != 0xff || (code[1] >> 3 & 7) != 2)
		return false;
	if (mod != 3 && rm == 4)
		expected++; /* a scaled index */
	if (mod == 1)
		expected += 1;
	else if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (code[2] & 7) == 5))))
		expected += 4;
	return expected == length;
}

bool allotp_instructions_after_call(uint64_t address)
{
	const uint8_t *code = (const uint8_t *)(uintptr_t)address;

	if (address < ALLOTP_PAGE || !allotp_memory_probe(address - 7) || !allotp_memory_probe(address - 1))
		return false;
	if (code[-5] == 0xe8)
		return true;
	for (unsigned length = 2; length <= 7; length++)
		if (is_indirect_call(code - length, length))
			return true;
	return false;
}
