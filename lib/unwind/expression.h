/* SPDX-License-Identifier: MIT */
/* Evaluates the DWARF expressions of unwind data: bounded in steps and stack, and safe against wrong addresses. */
#ifndef ALLOT_UNWIND_EXPRESSION_H
#define ALLOT_UNWIND_EXPRESSION_H

#include "unwind/memory.h"
#include "unwind/registers.h"

#include <stdint.h>

struct allotp_expression {
	const uint8_t *code;
	uint32_t size;
};

/*
 * Evaluates the expression. If initial is not NULL, *initial lies on the stack at the start. The operation code
 * must be readable. Returns 0 and *out; -ENODATA if it needs a register that is not known (out of the ones that
 * unwinding deals with), -EFAULT if it reads memory that can't be read, -EINVAL if it is malformed or too long.
 */
int allotp_expression_evaluate(const struct allotp_expression *expression, const struct allotp_registers *registers,
			       struct allotp_memory *memory, const uint64_t *initial, uint64_t *out);

#endif
