/* SPDX-License-Identifier: MIT */
/* The signal frame of arm64 Linux, and its calls. */
#include "unwind/instructions.h"

#include <errno.h>
#include <string.h>

/* mov x8, #SYS_rt_sigreturn; svc #0 */
static const uint32_t sigreturn[] = { 0xd2801168, 0xd4000001 };

/*
 * At the stack pointer lie a siginfo (128 bytes) and a ucontext: flags, link, the alternate stack (24 bytes), the
 * signal mask with room for 128 bytes, padding to 16; then the fault address, x0 to x30, sp and pc.
 */
#define GENERAL (128 + 8 + 8 + 24 + 128 + 8 + 8)

int allotp_instructions_signal_return(struct allotp_registers *registers, struct allotp_memory *memory)
{
	const uint64_t sp_bit = ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_SP);
	uint64_t context = registers->value[ALLOTP_REGISTER_SP] + GENERAL;
	struct allotp_registers interrupted = { .exact = true };

	if (!(registers->known & sp_bit) || context % 8 != 0 || !allotp_memory_probe(registers->ip) ||
	    memcmp((const void *)(uintptr_t)registers->ip, sigreturn, sizeof(sigreturn)) != 0)
		return -ENOENT;
	if (!allotp_memory_reach(memory, context, sizeof(uint64_t) * (ALLOTP_REGISTERS + 1)))
		return -EFAULT;
	for (unsigned i = 0; i < ALLOTP_REGISTERS; i++)
		interrupted.value[i] = allotp_memory_word(context + 8 * i);
	interrupted.ip = allotp_address_strip(allotp_memory_word(context + 8 * ALLOTP_REGISTERS));
	interrupted.known = ALLOTP_REGISTER_BIT(ALLOTP_REGISTERS) - 1;
	*registers = interrupted;
	return 0;
}

bool allotp_instructions_after_call(uint64_t address)
{
	uint32_t code;

	if (address < ALLOTP_PAGE || address % 4 != 0 || !allotp_memory_probe(address - 4))
		return false;
	code = *(const uint32_t *)(uintptr_t)(address - 4);
	return (code & 0xfc000000) == 0x94000000 || /* bl */
	       (code & 0xfffffc1f) == 0xd63f0000 || /* blr */
	       (code & 0xfefff800) == 0xd63f0800;   /* blraa, blrab and their kin */
}
