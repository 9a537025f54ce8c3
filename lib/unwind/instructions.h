/* SPDX-License-Identifier: MIT */
/* What the machine code at an address tells, where there is no unwind data to tell it. */
#ifndef ALLOT_UNWIND_INSTRUCTIONS_H
#define ALLOT_UNWIND_INSTRUCTIONS_H

#include "unwind/memory.h"
#include "unwind/registers.h"

/*
 * If the code at registers->ip is a signal trampoline, what a signal handler returns to: reads the interrupted context
 * from the signal frame at the stack pointer and makes the registers those, all known. Returns 0, -ENOENT if it is
 * something else (the registers stay as they were), or -EFAULT if the context can't be read.
 */
int allotp_instructions_signal_return(struct allotp_registers *registers, struct allotp_memory *memory);

/* Whether there is a call right before the address, so that it can be a return address. */
bool allotp_instructions_after_call(uint64_t address);

#endif
