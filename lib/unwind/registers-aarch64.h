/* SPDX-License-Identifier: MIT */
/* The registers of arm64; to be included by registers.h only. */
#ifndef ALLOT_UNWIND_REGISTERS_AARCH64_H
#define ALLOT_UNWIND_REGISTERS_AARCH64_H

enum {
	ALLOTP_REGISTER_X19 = 19,
	ALLOTP_REGISTER_FP = 29,
	ALLOTP_REGISTER_RA = 30, /* the link register */
	ALLOTP_REGISTER_SP = 31,
	ALLOTP_REGISTERS = 32,
	ALLOTP_RA_IS_IP = 0,
	ALLOTP_RECORD_AT_CFA = 0,
	ALLOTP_CODE_SHIFT = 2,
};

/* x19 to x29, sp. */
#define ALLOTP_REGISTERS_PRESERVED (UINT64_C(0x7ff) << ALLOTP_REGISTER_X19 | ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_SP))

static inline uint64_t allotp_address_strip(uint64_t address)
{
	register uint64_t x30 __asm__("x30") = address;

	__asm__("hint #7" : "+r"(x30)); /* xpaclri; does nothing where there is no pointer authentication */
	return x30;
}

/* Fills in registers->value, and the address of the code that did it. All at one point, or they would not fit. */
#define allotp_registers_capture(registers)                                                                            \
	__asm__ volatile("adr x9, 0f\n"                                                                                \
			 "0:\n\t"                                                                                      \
			 "str x9, %[ip]\n\t"                                                                           \
			 "stp x19, x20, [%[value], #152]\n\t"                                                          \
			 "stp x21, x22, [%[value], #168]\n\t"                                                          \
			 "stp x23, x24, [%[value], #184]\n\t"                                                          \
			 "stp x25, x26, [%[value], #200]\n\t"                                                          \
			 "stp x27, x28, [%[value], #216]\n\t"                                                          \
			 "stp x29, x30, [%[value], #232]\n\t"                                                          \
			 "mov x9, sp\n\t"                                                                              \
			 "str x9, [%[value], #248]\n\t"                                                                \
			 : [ip] "=m"((registers)->ip)                                                                  \
			 : [value] "r"((registers)->value)                                                             \
			 : "x9", "memory")

#endif
