/* SPDX-License-Identifier: MIT */
/* The registers of x86-64; to be included by registers.h only. */
#ifndef ALLOT_UNWIND_REGISTERS_X86_64_H
#define ALLOT_UNWIND_REGISTERS_X86_64_H

enum {
	ALLOTP_REGISTER_BX = 3,
	ALLOTP_REGISTER_FP = 6,
	ALLOTP_REGISTER_SP = 7,
	ALLOTP_REGISTER_R12 = 12,
	ALLOTP_REGISTER_RA = 16,
	ALLOTP_REGISTERS = 17,
	ALLOTP_RA_IS_IP = 1,
	ALLOTP_RECORD_AT_CFA = 1,
	ALLOTP_CODE_SHIFT = 0,
};

/* rbx, rbp, rsp, r12 to r15. */
#define ALLOTP_REGISTERS_PRESERVED                                                                                     \
	(ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_BX) | ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_FP) |                           \
	 ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_SP) | UINT64_C(0xf) << ALLOTP_REGISTER_R12)

static inline uint64_t allotp_address_strip(uint64_t address)
{
	return address;
}

/* Fills in registers->value, and the address of the code that did it. All at one point, or they would not fit. */
#define allotp_registers_capture(registers)                                                                            \
	__asm__ volatile("lea 0f(%%rip), %%rax\n"                                                                      \
			 "0:\n\t"                                                                                      \
			 "mov %%rax, %[ip]\n\t"                                                                        \
			 "mov %%rbx, 24(%[value])\n\t"                                                                 \
			 "mov %%rbp, 48(%[value])\n\t"                                                                 \
			 "mov %%rsp, 56(%[value])\n\t"                                                                 \
			 "mov %%r12, 96(%[value])\n\t"                                                                 \
			 "mov %%r13, 104(%[value])\n\t"                                                                \
			 "mov %%r14, 112(%[value])\n\t"                                                                \
			 "mov %%r15, 120(%[value])\n\t"                                                                \
			 : [ip] "=m"((registers)->ip)                                                                  \
			 : [value] "r"((registers)->value)                                                             \
			 : "rax", "memory")

#endif
