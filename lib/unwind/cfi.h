/* SPDX-License-Identifier: MIT */
/*
 * Call frame information: what the unwind data says about one program counter, and how to get from a frame to
 * its caller by it. The full evaluation, with all registers and DWARF expressions; rule.h has the short form
 * that is enough for nearly all frames.
 */
#ifndef ALLOT_UNWIND_CFI_H
#define ALLOT_UNWIND_CFI_H

#include "unwind/expression.h"
#include "unwind/memory.h"
#include "unwind/object.h"
#include "unwind/registers.h"

enum allotp_cfi_how {
	ALLOTP_CFI_SAME,      /* has still the caller's value; also if nothing is said */
	ALLOTP_CFI_UNDEFINED, /* lost; of the return address: there is no caller */
	ALLOTP_CFI_SLOT,      /* saved in memory at CFA + offset */
	ALLOTP_CFI_OFFSET,    /* is CFA + offset */
	ALLOTP_CFI_REGISTER,  /* is in the register `offset` */
	ALLOTP_CFI_SLOT_AT,   /* saved in memory at the expression's value */
	ALLOTP_CFI_VALUE,     /* is the expression's value */
};

struct allotp_cfi_rule {
	int64_t offset;
	struct allotp_expression expression;
	enum allotp_cfi_how how;
};

/* A row of the table that the unwind data describes: where each of the caller's registers is. */
struct allotp_cfi_row {
	struct allotp_cfi_rule cfa; /* OFFSET: cfa_register + offset; or VALUE */
	uint32_t cfa_register;
	bool signal; /* the frame is a signal trampoline: the caller was interrupted */
	struct allotp_cfi_rule registers[ALLOTP_REGISTERS];
};

/* Rows to work with. Some kilobytes, which small stacks do not have, so the caller supplies them. */
#define ALLOTP_CFI_REMEMBERED 8
struct allotp_cfi_scratch {
	struct allotp_cfi_row row; /* what was found */
	uint64_t start;            /* of the function it is in */
	struct allotp_cfi_row initial, remembered[ALLOTP_CFI_REMEMBERED];
};

/*
 * Finds the row for pc in the object. Returns 0 and leaves it in scratch->row; -ENOENT if the object's unwind data
 * does not cover pc; -EBADMSG if the data is damaged or of a kind that is not known.
 */
int allotp_cfi_find(const struct allotp_object *object, uint64_t pc, struct allotp_cfi_scratch *scratch);

/*
 * Makes the caller's registers of the frame's. Returns 0; -ENOENT if there is no caller (the registers stay as
 * they were); -ENODATA if it takes a register whose value is not known; -EFAULT if it takes memory that can't be
 * read; -EINVAL if the row makes no sense: a stack that does not shrink, a misaligned slot, a bad expression.
 */
int allotp_cfi_step(const struct allotp_cfi_row *row, struct allotp_registers *registers, struct allotp_memory *memory);

#endif
