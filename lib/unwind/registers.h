/* SPDX-License-Identifier: MIT */
/* The registers of the processor that unwinding deals with, by their DWARF numbers. */
#ifndef ALLOT_UNWIND_REGISTERS_H
#define ALLOT_UNWIND_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#define ALLOTP_REGISTER_BIT(number) (UINT64_C(1) << (number))

/*
 * Each of these defines ALLOTP_REGISTER_FP, _SP and _RA, their number ALLOTP_REGISTERS, the set
 * ALLOTP_REGISTERS_PRESERVED of those that a function which returned has left as they were, whether the column of
 * the return address is the program counter itself (ALLOTP_RA_IS_IP), whether the saved frame pointer and return
 * address that a frame pointer points to end at the CFA (ALLOTP_RECORD_AT_CFA), by how many bits an address is shifted
 * for what is the same within an instruction (ALLOTP_CODE_SHIFT), allotp_address_strip, which takes a pointer
 * authentication code away, and allotp_registers_capture, which reads the registers of the function it is used in.
 */
#if defined(__x86_64__)
#include "unwind/registers-x86_64.h"
#elif defined(__aarch64__)
#include "unwind/registers-aarch64.h"
#else
#error "this processor is unwound by walk-generic.c, which needs no registers"
#endif

/* The registers of one frame, as far as they are known. */
struct allotp_registers {
	uint64_t value[ALLOTP_REGISTERS];
	uint64_t known; /* ALLOTP_REGISTER_BIT of those that have a value */
	uint64_t ip;    /* the return address, stripped */
	bool exact;     /* ip is no return address: the frame was interrupted right there */
};

#endif
