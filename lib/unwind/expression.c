/* SPDX-License-Identifier: MIT */
/* The stack machine of DWARF expressions, as far as call frame information may use it. */
#include "unwind/expression.h"

#include "unwind/cursor.h"

#include <errno.h>

#define STACK 32
#define STEPS 256 /* expressions may branch backwards; real ones have a dozen operations */

enum {
	OP_ADDR = 0x03,
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST1S = 0x09,
	OP_CONST2U = 0x0a,
	OP_CONST2S = 0x0b,
	OP_CONST4U = 0x0c,
	OP_CONST4S = 0x0d,
	OP_CONST8U = 0x0e,
	OP_CONST8S = 0x0f,
	OP_CONSTU = 0x10,
	OP_CONSTS = 0x11,
	OP_DUP = 0x12,
	OP_DROP = 0x13,
	OP_OVER = 0x14,
	OP_PICK = 0x15,
	OP_SWAP = 0x16,
	OP_ROT = 0x17,
	OP_ABS = 0x19,
	OP_AND = 0x1a,
	OP_DIV = 0x1b,
	OP_MINUS = 0x1c,
	OP_MOD = 0x1d,
	OP_MUL = 0x1e,
	OP_NEG = 0x1f,
	OP_NOT = 0x20,
	OP_OR = 0x21,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_SHL = 0x24,
	OP_SHR = 0x25,
	OP_SHRA = 0x26,
	OP_XOR = 0x27,
	OP_BRA = 0x28,
	OP_EQ = 0x29,
	OP_GE = 0x2a,
	OP_GT = 0x2b,
	OP_LE = 0x2c,
	OP_LT = 0x2d,
	OP_NE = 0x2e,
	OP_SKIP = 0x2f,
	OP_LIT0 = 0x30,
	OP_REG0 = 0x50,
	OP_BREG0 = 0x70,
	OP_REGX = 0x90,
	OP_BREGX = 0x92,
	OP_DEREF_SIZE = 0x94,
	OP_NOP = 0x96,
};

struct machine {
	struct allotp_cursor code;
	const uint8_t *start;
	const struct allotp_registers *registers;
	struct allotp_memory *memory;
	uint64_t stack[STACK];
	unsigned depth;
	int error;
};

static void push(struct machine *machine, uint64_t value)
{
	if (machine->depth == STACK)
		machine->error = -EINVAL;
	else
		machine->stack[machine->depth++] = value;
}

static uint64_t pop(struct machine *machine)
{
	if (machine->depth == 0) {
		machine->error = -EINVAL;
		return 0;
	}
	return machine->stack[--machine->depth];
}

static uint64_t peek(struct machine *machine, unsigned below)
{
	if (below >= machine->depth) {
		machine->error = -EINVAL;
		return 0;
	}
	return machine->stack[machine->depth - 1 - below];
}

static uint64_t register_value(struct machine *machine, uint64_t number)
{
	if (number >= ALLOTP_REGISTERS || !(machine->registers->known & ALLOTP_REGISTER_BIT(number))) {
		machine->error = -ENODATA;
		return 0;
	}
	return machine->registers->value[number];
}

static void dereference(struct machine *machine, unsigned size)
{
	uint64_t address = pop(machine), value = 0;

	if (machine->error)
		return;
	if (size == 0 || size > 8) {
		machine->error = -EINVAL;
	} else if (!allotp_memory_reach(machine->memory, address, size)) {
		machine->error = -EFAULT;
	} else {
		/* By bytes, which no sanitizer objects to; rare enough. */
		for (unsigned i = 0; i < size; i++)
			value |= (uint64_t)allotp_memory_byte(address + i) << (8 * i);
		push(machine, value);
	}
}

/* Goes on at offset bytes from here. */
static void jump(struct machine *machine, int64_t offset)
{
	if (offset < machine->start - machine->code.at || offset > machine->code.end - machine->code.at)
		machine->error = -EINVAL;
	else
		machine->code.at += offset;
}

static void unary(struct machine *machine, uint8_t op)
{
	uint64_t value = pop(machine);

	switch (op) {
	case OP_ABS:
		value = (int64_t)value < 0 ? -value : value;
		break;
	case OP_NEG:
		value = -value;
		break;
	case OP_NOT:
		value = ~value;
		break;
	case OP_PLUS_UCONST:
		value += allotp_cursor_uleb(&machine->code);
		break;
	}
	push(machine, value);
}

static uint64_t divide(struct machine *machine, int64_t a, int64_t b)
{
	if (b == 0) {
		machine->error = -EINVAL;
		return 0;
	}
	return b == -1 ? -(uint64_t)a : (uint64_t)(a / b);
}

static void binary(struct machine *machine, uint8_t op)
{
	uint64_t b = pop(machine), a = pop(machine), value = 0;

	switch (op) {
	case OP_AND:
		value = a & b;
		break;
	case OP_DIV:
		value = divide(machine, (int64_t)a, (int64_t)b);
		break;
	case OP_MINUS:
		value = a - b;
		break;
	case OP_MOD:
		if (b == 0)
			machine->error = -EINVAL;
		else
			value = a % b;
		break;
	case OP_MUL:
		value = a * b;
		break;
	case OP_OR:
		value = a | b;
		break;
	case OP_PLUS:
		value = a + b;
		break;
	case OP_SHL:
		value = b < 64 ? a << b : 0;
		break;
	case OP_SHR:
		value = b < 64 ? a >> b : 0;
		break;
	case OP_SHRA:
		value = (uint64_t)((int64_t)a >> (b < 64 ? b : 63));
		break;
	case OP_XOR:
		value = a ^ b;
		break;
	case OP_EQ:
		value = a == b;
		break;
	case OP_GE:
		value = (int64_t)a >= (int64_t)b;
		break;
	case OP_GT:
		value = (int64_t)a > (int64_t)b;
		break;
	case OP_LE:
		value = (int64_t)a <= (int64_t)b;
		break;
	case OP_LT:
		value = (int64_t)a < (int64_t)b;
		break;
	case OP_NE:
		value = a != b;
		break;
	}
	push(machine, value);
}

static void constant(struct machine *machine, uint8_t op)
{
	struct allotp_cursor *code = &machine->code;

	switch (op) {
	case OP_CONST1U:
		push(machine, allotp_cursor_u1(code));
		break;
	case OP_CONST1S:
		push(machine, (uint64_t)allotp_cursor_s1(code));
		break;
	case OP_CONST2U:
		push(machine, allotp_cursor_u2(code));
		break;
	case OP_CONST2S:
		push(machine, (uint64_t)allotp_cursor_s2(code));
		break;
	case OP_CONST4U:
		push(machine, allotp_cursor_u4(code));
		break;
	case OP_CONST4S:
		push(machine, (uint64_t)allotp_cursor_s4(code));
		break;
	case OP_ADDR:
	case OP_CONST8U:
	case OP_CONST8S:
		push(machine, allotp_cursor_u8(code));
		break;
	case OP_CONSTU:
		push(machine, allotp_cursor_uleb(code));
		break;
	case OP_CONSTS:
		push(machine, (uint64_t)allotp_cursor_sleb(code));
		break;
	}
}

static void shuffle(struct machine *machine, uint8_t op)
{
	uint64_t a, b, c;

	switch (op) {
	case OP_DUP:
		push(machine, peek(machine, 0));
		break;
	case OP_DROP:
		pop(machine);
		break;
	case OP_OVER:
		push(machine, peek(machine, 1));
		break;
	case OP_PICK:
		push(machine, peek(machine, allotp_cursor_u1(&machine->code)));
		break;
	case OP_SWAP:
		a = pop(machine);
		b = pop(machine);
		push(machine, a);
		push(machine, b);
		break;
	case OP_ROT: /* the top goes third */
		a = pop(machine);
		b = pop(machine);
		c = pop(machine);
		push(machine, a);
		push(machine, c);
		push(machine, b);
		break;
	}
}

static void step(struct machine *machine)
{
	uint8_t op = allotp_cursor_u1(&machine->code);
	uint64_t number;
	int16_t offset;

	if (op >= OP_LIT0 && op < OP_REG0) {
		push(machine, op - OP_LIT0);
	} else if (op >= OP_REG0 && op < OP_BREG0) {
		push(machine, register_value(machine, op - OP_REG0));
	} else if (op >= OP_BREG0 && op < OP_REGX) {
		number = register_value(machine, op - OP_BREG0);
		push(machine, number + (uint64_t)allotp_cursor_sleb(&machine->code));
	} else if (op == OP_ADDR || (op >= OP_CONST1U && op <= OP_CONSTS)) {
		constant(machine, op);
	} else if (op >= OP_DUP && op <= OP_ROT) {
		shuffle(machine, op);
	} else if (op == OP_ABS || op == OP_NEG || op == OP_NOT || op == OP_PLUS_UCONST) {
		unary(machine, op);
	} else if ((op >= OP_AND && op <= OP_XOR) || (op >= OP_EQ && op <= OP_NE)) {
		binary(machine, op);
	} else {
		switch (op) {
		case OP_DEREF:
			dereference(machine, 8);
			break;
		case OP_DEREF_SIZE:
			dereference(machine, allotp_cursor_u1(&machine->code));
			break;
		case OP_REGX:
			push(machine, register_value(machine, allotp_cursor_uleb(&machine->code)));
			break;
		case OP_BREGX:
			number = register_value(machine, allotp_cursor_uleb(&machine->code));
			push(machine, number + (uint64_t)allotp_cursor_sleb(&machine->code));
			break;
		case OP_SKIP:
			offset = allotp_cursor_s2(&machine->code);
			jump(machine, offset);
			break;
		case OP_BRA:
			offset = allotp_cursor_s2(&machine->code);
			if (pop(machine) != 0)
				jump(machine, offset);
			break;
		case OP_NOP:
			break;
		default:
			machine->error = -EINVAL;
		}
	}
}

int allotp_expression_evaluate(const struct allotp_expression *expression, const struct allotp_registers *registers,
			       struct allotp_memory *memory, const uint64_t *initial, uint64_t *out)
{
	struct machine machine;
	unsigned steps = 0;

	machine.code = allotp_cursor_make((uintptr_t)expression->code, expression->size);
	machine.start = expression->code;
	machine.registers = registers;
	machine.memory = memory;
	machine.depth = 0;
	machine.error = 0;
	if (initial)
		push(&machine, *initial);
	while (!machine.error && allotp_cursor_more(&machine.code)) {
		if (++steps > STEPS)
			return -EINVAL;
		step(&machine);
	}
	if (machine.error)
		return machine.error;
	if (machine.code.bad || machine.depth == 0)
		return -EINVAL;
	*out = machine.stack[machine.depth - 1];
	return 0;
}
