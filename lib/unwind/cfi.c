/* SPDX-License-Identifier: MIT */
/* Runs the programs of call frame information, and applies the row that comes out. */
#include "unwind/cfi.h"

#include "unwind/fde.h"

#include <errno.h>

enum {
	/* The two high bits; the low six are an operand. */
	CFA_ADVANCE_LOC = 0x40,
	CFA_OFFSET = 0x80,
	CFA_RESTORE = 0xc0,
	/* The others have both bits clear. */
	CFA_NOP = 0x00,
	CFA_SET_LOC = 0x01,
	CFA_ADVANCE_LOC1 = 0x02,
	CFA_ADVANCE_LOC2 = 0x03,
	CFA_ADVANCE_LOC4 = 0x04,
	CFA_OFFSET_EXTENDED = 0x05,
	CFA_RESTORE_EXTENDED = 0x06,
	CFA_UNDEFINED = 0x07,
	CFA_SAME_VALUE = 0x08,
	CFA_REGISTER = 0x09,
	CFA_REMEMBER_STATE = 0x0a,
	CFA_RESTORE_STATE = 0x0b,
	CFA_DEF_CFA = 0x0c,
	CFA_DEF_CFA_REGISTER = 0x0d,
	CFA_DEF_CFA_OFFSET = 0x0e,
	CFA_DEF_CFA_EXPRESSION = 0x0f,
	CFA_EXPRESSION = 0x10,
	CFA_OFFSET_EXTENDED_SF = 0x11,
	CFA_DEF_CFA_SF = 0x12,
	CFA_DEF_CFA_OFFSET_SF = 0x13,
	CFA_VAL_OFFSET = 0x14,
	CFA_VAL_OFFSET_SF = 0x15,
	CFA_VAL_EXPRESSION = 0x16,
	CFA_NEGATE_RA_STATE = 0x2d, /* arm64: the return address is (no longer) signed; it is stripped in any case */
	CFA_GNU_ARGS_SIZE = 0x2e,
	CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

struct run {
	const struct allotp_fde *fde;
	struct allotp_cfi_scratch *scratch;
	struct allotp_cursor program;
	uint64_t pc;       /* the row for this one is wanted */
	uint64_t location; /* the row so far holds from here */
	unsigned remembered;
	bool done; /* the location has passed pc */
	bool bad;
};

static void set_rule(struct run *run, uint64_t number, enum allotp_cfi_how how, int64_t offset)
{
	/* Others (vector registers) play no part in unwinding. */
	if (number < ALLOTP_REGISTERS)
		run->scratch->row.registers[number] = (struct allotp_cfi_rule){ .how = how, .offset = offset };
}

static void restore_rule(struct run *run, uint64_t number)
{
	if (number < ALLOTP_REGISTERS)
		run->scratch->row.registers[number] = run->scratch->initial.registers[number];
}

static struct allotp_expression read_expression(struct run *run)
{
	uint64_t size = allotp_cursor_uleb(&run->program);
	struct allotp_expression expression = { .code = run->program.at, .size = (uint32_t)size };

	allotp_cursor_skip(&run->program, size); /* entries are shorter than 4 GiB, so the size fits if this succeeds */
	return expression;
}

static void set_expression(struct run *run, enum allotp_cfi_how how)
{
	uint64_t number = allotp_cursor_uleb(&run->program);
	struct allotp_expression expression = read_expression(run);

	if (number < ALLOTP_REGISTERS)
		run->scratch->row.registers[number] = (struct allotp_cfi_rule){ .how = how, .expression = expression };
}

static void set_cfa(struct run *run, uint64_t number, int64_t offset)
{
	if (number >= ALLOTP_REGISTERS) {
		run->bad = true;
		return;
	}
	run->scratch->row.cfa_register = (uint32_t)number;
	run->scratch->row.cfa = (struct allotp_cfi_rule){ .how = ALLOTP_CFI_OFFSET, .offset = offset };
}

/* The new offset of a CFA that is a register plus an offset. */
static void set_cfa_offset(struct run *run, int64_t offset)
{
	if (run->scratch->row.cfa.how != ALLOTP_CFI_OFFSET)
		run->bad = true;
	else
		run->scratch->row.cfa.offset = offset;
}

static void advance(struct run *run, uint64_t delta)
{
	run->location += delta * run->fde->code_alignment;
	run->done = run->location > run->pc;
}

static int64_t factored(const struct run *run, uint64_t offset)
{
	return (int64_t)(offset * (uint64_t)run->fde->data_alignment);
}

static void remember_state(struct run *run)
{
	if (run->remembered == ALLOTP_CFI_REMEMBERED)
		run->bad = true;
	else
		run->scratch->remembered[run->remembered++] = run->scratch->row;
}

static void restore_state(struct run *run)
{
	if (run->remembered == 0)
		run->bad = true;
	else
		run->scratch->row = run->scratch->remembered[--run->remembered];
}

/* The operations that change the CFA. */
static bool execute_cfa(struct run *run, uint8_t op)
{
	struct allotp_cursor *program = &run->program;
	uint64_t number;

	switch (op) {
	case CFA_DEF_CFA:
		number = allotp_cursor_uleb(program);
		set_cfa(run, number, (int64_t)allotp_cursor_uleb(program));
		return true;
	case CFA_DEF_CFA_SF:
		number = allotp_cursor_uleb(program);
		set_cfa(run, number, factored(run, (uint64_t)allotp_cursor_sleb(program)));
		return true;
	case CFA_DEF_CFA_REGISTER:
		set_cfa(run, allotp_cursor_uleb(program), run->scratch->row.cfa.offset);
		return true;
	case CFA_DEF_CFA_OFFSET:
		set_cfa_offset(run, (int64_t)allotp_cursor_uleb(program));
		return true;
	case CFA_DEF_CFA_OFFSET_SF:
		set_cfa_offset(run, factored(run, (uint64_t)allotp_cursor_sleb(program)));
		return true;
	case CFA_DEF_CFA_EXPRESSION:
		run->scratch->row.cfa = (struct allotp_cfi_rule){ .how = ALLOTP_CFI_VALUE };
		run->scratch->row.cfa.expression = read_expression(run);
		return true;
	default:
		return false;
	}
}

/* The operations that say where one register is. */
static bool execute_register(struct run *run, uint8_t op)
{
	struct allotp_cursor *program = &run->program;
	uint64_t number;

	switch (op) {
	case CFA_OFFSET_EXTENDED:
		number = allotp_cursor_uleb(program);
		set_rule(run, number, ALLOTP_CFI_SLOT, factored(run, allotp_cursor_uleb(program)));
		return true;
	case CFA_OFFSET_EXTENDED_SF:
		number = allotp_cursor_uleb(program);
		set_rule(run, number, ALLOTP_CFI_SLOT, factored(run, (uint64_t)allotp_cursor_sleb(program)));
		return true;
	case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
		number = allotp_cursor_uleb(program);
		set_rule(run, number, ALLOTP_CFI_SLOT, factored(run, -allotp_cursor_uleb(program)));
		return true;
	case CFA_VAL_OFFSET:
		number = allotp_cursor_uleb(program);
		set_rule(run, number, ALLOTP_CFI_OFFSET, factored(run, allotp_cursor_uleb(program)));
		return true;
	case CFA_VAL_OFFSET_SF:
		number = allotp_cursor_uleb(program);
		set_rule(run, number, ALLOTP_CFI_OFFSET, factored(run, (uint64_t)allotp_cursor_sleb(program)));
		return true;
	case CFA_REGISTER:
		number = allotp_cursor_uleb(program);
		set_rule(run, number, ALLOTP_CFI_REGISTER, (int64_t)allotp_cursor_uleb(program));
		return true;
	case CFA_EXPRESSION:
		set_expression(run, ALLOTP_CFI_SLOT_AT);
		return true;
	case CFA_VAL_EXPRESSION:
		set_expression(run, ALLOTP_CFI_VALUE);
		return true;
	case CFA_UNDEFINED:
		set_rule(run, allotp_cursor_uleb(program), ALLOTP_CFI_UNDEFINED, 0);
		return true;
	case CFA_SAME_VALUE:
		set_rule(run, allotp_cursor_uleb(program), ALLOTP_CFI_SAME, 0);
		return true;
	case CFA_RESTORE_EXTENDED:
		restore_rule(run, allotp_cursor_uleb(program));
		return true;
	default:
		return false;
	}
}

static void execute(struct run *run)
{
	struct allotp_cursor *program = &run->program;
	uint8_t op = allotp_cursor_u1(program), operand = op & 0x3f;

	switch (op & 0xc0) {
	case CFA_ADVANCE_LOC:
		advance(run, operand);
		return;
	case CFA_OFFSET:
		set_rule(run, operand, ALLOTP_CFI_SLOT, factored(run, allotp_cursor_uleb(program)));
		return;
	case CFA_RESTORE:
		restore_rule(run, operand);
		return;
	}
	switch (op) {
	case CFA_NOP:
	case CFA_NEGATE_RA_STATE:
		return;
	case CFA_SET_LOC:
		run->location = allotp_cursor_pointer(program, run->fde->pointer_encoding, 0);
		run->done = run->location > run->pc;
		return;
	case CFA_ADVANCE_LOC1:
		advance(run, allotp_cursor_u1(program));
		return;
	case CFA_ADVANCE_LOC2:
		advance(run, allotp_cursor_u2(program));
		return;
	case CFA_ADVANCE_LOC4:
		advance(run, allotp_cursor_u4(program));
		return;
	case CFA_REMEMBER_STATE:
		remember_state(run);
		return;
	case CFA_RESTORE_STATE:
		restore_state(run);
		return;
	case CFA_GNU_ARGS_SIZE:
		allotp_cursor_uleb(program);
		return;
	}
	if (!execute_cfa(run, op) && !execute_register(run, op))
		run->bad = true;
}

static bool execute_all(struct run *run, struct allotp_cursor program)
{
	run->program = program;
	while (!run->done && !run->bad && allotp_cursor_more(&run->program))
		execute(run);
	return !run->bad && !run->program.bad;
}

int allotp_cfi_find(const struct allotp_object *object, uint64_t pc, struct allotp_cfi_scratch *scratch)
{
	struct allotp_fde fde;
	struct run run = { .fde = &fde, .scratch = scratch, .pc = pc };
	int error = allotp_fde_find(object, pc, &fde);

	if (error)
		return error;
	scratch->start = fde.start;
	scratch->row = (struct allotp_cfi_row){ .signal = fde.signal };
	/* The CIE's program has no locations: it is run whole. */
	if (!execute_all(&run, fde.initial) || run.location != 0)
		return -EBADMSG;
	scratch->initial = scratch->row;
	run.location = fde.start;
	if (!execute_all(&run, fde.program))
		return -EBADMSG;
	/* A function without any rule for the CFA: how == SAME. */
	if (scratch->row.cfa.how != ALLOTP_CFI_OFFSET && scratch->row.cfa.how != ALLOTP_CFI_VALUE)
		return -EBADMSG;
	return 0;
}

static int read_slot(struct allotp_memory *memory, uint64_t address, uint64_t *out)
{
	if (address % sizeof(uint64_t) != 0)
		return -EINVAL;
	if (!allotp_memory_reach(memory, address, sizeof(uint64_t)))
		return -EFAULT;
	*out = allotp_memory_word(address);
	return 0;
}

/* The caller's value of a register. Not for SAME and UNDEFINED. */
static int apply(const struct allotp_cfi_rule *rule, uint64_t cfa, const struct allotp_registers *registers,
		 struct allotp_memory *memory, uint64_t *out)
{
	uint64_t address;
	int error;

	switch (rule->how) {
	case ALLOTP_CFI_SLOT:
		return read_slot(memory, cfa + (uint64_t)rule->offset, out);
	case ALLOTP_CFI_OFFSET:
		*out = cfa + (uint64_t)rule->offset;
		return 0;
	case ALLOTP_CFI_REGISTER:
		if ((uint64_t)rule->offset >= ALLOTP_REGISTERS ||
		    !(registers->known & ALLOTP_REGISTER_BIT(rule->offset)))
			return -ENODATA;
		*out = registers->value[rule->offset];
		return 0;
	case ALLOTP_CFI_SLOT_AT:
		error = allotp_expression_evaluate(&rule->expression, registers, memory, &cfa, &address);
		return error ? error : read_slot(memory, address, out);
	case ALLOTP_CFI_VALUE:
		return allotp_expression_evaluate(&rule->expression, registers, memory, &cfa, out);
	default:
		return -EINVAL;
	}
}

static int find_cfa(const struct allotp_cfi_row *row, const struct allotp_registers *registers,
		    struct allotp_memory *memory, uint64_t *out)
{
	if (row->cfa.how == ALLOTP_CFI_VALUE)
		return allotp_expression_evaluate(&row->cfa.expression, registers, memory, NULL, out);
	if (!(registers->known & ALLOTP_REGISTER_BIT(row->cfa_register)))
		return -ENODATA;
	*out = registers->value[row->cfa_register] + (uint64_t)row->cfa.offset;
	return 0;
}

/* Checks that the caller's registers can be, and makes them the current ones. */
static int become(const struct allotp_cfi_row *row, struct allotp_registers *registers, struct allotp_registers *caller)
{
	uint64_t sp = caller->value[ALLOTP_REGISTER_SP], old = registers->value[ALLOTP_REGISTER_SP];
	const uint64_t sp_bit = ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_SP);

	if (!(caller->known & sp_bit) || !(caller->known & ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_RA)))
		return -ENODATA;
	if (ALLOTP_RA_IS_IP && row->registers[ALLOTP_REGISTER_RA].how == ALLOTP_CFI_SAME)
		return -EINVAL;
	/* A signal handler may have a stack of its own. Only an interrupted function may have no frame at all. */
	if (!row->signal && (registers->known & sp_bit) && (sp < old || (sp == old && !registers->exact)))
		return -EINVAL;
	caller->ip = allotp_address_strip(caller->value[ALLOTP_REGISTER_RA]);
	if (caller->ip == 0)
		return -ENOENT;
	caller->exact = row->signal;
	if (!row->signal)
		caller->known &= ALLOTP_REGISTERS_PRESERVED;
	if (ALLOTP_RA_IS_IP) /* expressions may ask for it */
		caller->known |= ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_RA);
	*registers = *caller;
	return 0;
}

int allotp_cfi_step(const struct allotp_cfi_row *row, struct allotp_registers *registers, struct allotp_memory *memory)
{
	struct allotp_registers caller = { .known = 0 };
	uint64_t cfa, value;
	int error;

	if (row->registers[ALLOTP_REGISTER_RA].how == ALLOTP_CFI_UNDEFINED)
		return -ENOENT;
	error = find_cfa(row, registers, memory, &cfa);
	if (error)
		return error;
	/* By definition the caller's stack pointer is the CFA, unless something else is said. */
	caller.value[ALLOTP_REGISTER_SP] = cfa;
	caller.known = ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_SP);
	for (unsigned i = 0; i < ALLOTP_REGISTERS; i++) {
		const struct allotp_cfi_rule *rule = &row->registers[i];
		uint64_t bit = ALLOTP_REGISTER_BIT(i);

		if (rule->how == ALLOTP_CFI_UNDEFINED)
			continue;
		if (rule->how == ALLOTP_CFI_SAME) {
			if (i != ALLOTP_REGISTER_SP) {
				caller.value[i] = registers->value[i];
				caller.known |= registers->known & bit;
			}
			continue;
		}
		error = apply(rule, cfa, registers, memory, &value);
		/* A register that can't be had may never be asked for; the return address is. */
		if (error && i == ALLOTP_REGISTER_RA)
			return error;
		if (!error) {
			caller.value[i] = value;
			caller.known |= bit;
		} else {
			caller.known &= ~bit;
		}
	}
	return become(row, registers, &caller);
}
