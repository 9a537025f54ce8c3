/* SPDX-License-Identifier: MIT */
/* Tests lib/unwind's reading of .eh_frame: entries made by hand, and damaged ones. */
#include "unwind/cfi.h"
#include "unwind/cursor.h"
#include "unwind/fde.h"
#include "unwind/rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* .eh_frame_hdr and .eh_frame in one buffer, and code that is not there, a megabyte behind it. */
static struct section {
	uint8_t data[4096];
	size_t size;
} section;

static uint64_t code;
static struct allotp_object object;
static struct allotp_cfi_scratch scratch;
static struct allotp_memory memory;

static void put(uint64_t value, unsigned size)
{
	memcpy(section.data + section.size, &value, size);
	section.size += size;
}

static void put_bytes(const void *bytes, size_t size)
{
	memcpy(section.data + section.size, bytes, size);
	section.size += size;
}

static uint64_t here(void)
{
	return (uintptr_t)(section.data + section.size);
}

static void put_pointer(uint8_t encoding, uint64_t value)
{
	static const unsigned sizes[] = { 8, 0, 2, 4, 8, 0, 0, 0, 0, 0, 2, 4, 8 };

	if ((encoding & ALLOTP_POINTER_BASE) == ALLOTP_POINTER_PC_RELATIVE)
		value -= here();
	ck_assert_uint_ne(sizes[encoding & ALLOTP_POINTER_FORMAT], 0);
	put(value, sizes[encoding & ALLOTP_POINTER_FORMAT]);
}

/* Returns where the entry begins; its length is filled in by end_entry. */
static size_t begin_entry(void)
{
	size_t start = section.size;

	put(0, 4);
	return start;
}

static void end_entry(size_t start)
{
	uint32_t length = (uint32_t)(section.size - start - 4);

	memcpy(section.data + start, &length, 4);
}

#define PROGRAM(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

/* The initial state of every function: CFA = sp + 8 and the return address right below, as x86-64 has it. */
static void put_initial(void)
{
	put_bytes(PROGRAM(0x0c, ALLOTP_REGISTER_SP, 8, 0x80 | ALLOTP_REGISTER_RA, 1));
}

static size_t put_cie(const char *augmentation, uint8_t encoding)
{
	size_t start = begin_entry();

	put(0, 4);
	put(1, 1);
	put_bytes(augmentation, strlen(augmentation) + 1);
	put_bytes(PROGRAM(1, 0x78, ALLOTP_REGISTER_RA)); /* factors 1 and -8 */
	if (augmentation[0] == 'z') {
		put(strchr(augmentation, 'P') ? 11 : 1, 1);
		for (const char *letter = augmentation + 1; *letter; letter++) {
			if (*letter == 'R')
				put(encoding, 1);
			if (*letter == 'L')
				put(0x1b, 1);
			if (*letter == 'P') {
				put(0, 1);
				put(0x1234, 8);
			}
		}
	}
	put_initial();
	end_entry(start);
	return start;
}

static size_t put_fde(size_t cie, uint8_t encoding, uint64_t pc, uint64_t size, const uint8_t *program, size_t length)
{
	size_t start = begin_entry();

	put(section.size - cie, 4);
	put_pointer(encoding, pc);
	put_pointer(encoding & ALLOTP_POINTER_FORMAT, size);
	if (section.data[cie + 9] == 'z')
		put(0, 1);
	put_bytes(program, length);
	end_entry(start);
	return start;
}

#define USUAL (ALLOTP_POINTER_PC_RELATIVE | ALLOTP_POINTER_S4)

/* A header without a search table. */
static void begin(void)
{
	memset(&section, 0, sizeof(section));
	code = (uintptr_t)section.data + (1 << 20);
	put_bytes(PROGRAM(1, USUAL, 0xff, 0xff));
	put(4, 4);
}

/* The end of .eh_frame, and of what can be read. */
static void finish(void)
{
	put(0, 4);
	object = (struct allotp_object){ .start = (uintptr_t)section.data,
					 .end = (uintptr_t)section.data + section.size,
					 .low = (uintptr_t)section.data,
					 .high = (uintptr_t)section.data + section.size,
					 .eh_frame_hdr = (uintptr_t)section.data };
}

static int find(uint64_t pc)
{
	return allotp_cfi_find(&object, pc, &scratch);
}

/* One function with this program. */
static void make(const uint8_t *program, size_t length)
{
	begin();
	put_fde(put_cie("zR", USUAL), USUAL, code, 64, program, length);
	finish();
}

#define MAKE(...) make(PROGRAM(__VA_ARGS__))

START_TEST(finds_by_every_encoding)
{
	static const uint8_t encodings[] = { ALLOTP_POINTER_ABSOLUTE,
					     ALLOTP_POINTER_U8,
					     ALLOTP_POINTER_S8,
					     USUAL,
					     ALLOTP_POINTER_PC_RELATIVE | ALLOTP_POINTER_U4,
					     ALLOTP_POINTER_PC_RELATIVE | ALLOTP_POINTER_S8,
					     ALLOTP_POINTER_PC_RELATIVE | ALLOTP_POINTER_ABSOLUTE };

	for (size_t i = 0; i < sizeof(encodings); i++) {
		begin();
		put_fde(put_cie("zR", encodings[i]), encodings[i], code, 16, PROGRAM(0));
		finish();
		ck_assert_int_eq(find(code - 1), -ENOENT);
		ck_assert_int_eq(find(code), 0);
		ck_assert_int_eq(find(code + 15), 0);
		ck_assert_int_eq(find(code + 16), -ENOENT);
	}
}
END_TEST

START_TEST(understands_augmentations)
{
	static const struct {
		const char *letters;
		int result;
		bool signal;
	} cases[] = { { "zR", 0, false },  { "zPLR", 0, false },      { "zRS", 0, true },
		      { "zRB", 0, false }, { "zRX", -ENOENT, false }, { "eh", -ENOENT, false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		put_fde(put_cie(cases[i].letters, USUAL), USUAL, code, 16, PROGRAM(0));
		finish();
		/* A scan goes past what it does not understand. */
		ck_assert_int_eq(find(code), cases[i].result);
		if (cases[i].result == 0)
			ck_assert_int_eq(scratch.row.signal, cases[i].signal);
	}
	begin();
	put_fde(put_cie("", 0), ALLOTP_POINTER_ABSOLUTE, code, 16, PROGRAM(0));
	finish();
	ck_assert_int_eq(find(code), 0);
}
END_TEST

/* The length in eight bytes, as 64-bit DWARF has it; and one that can't be. */
START_TEST(reads_long_entries)
{
	size_t cie, start;

	begin();
	cie = put_cie("zR", USUAL);
	put(UINT32_MAX, 4);
	start = section.size;
	put(0, 8);
	put(section.size - cie, 4);
	put_pointer(USUAL, code);
	put(16, 4);
	put(0, 1);
	section.data[start] = (uint8_t)(section.size - start - 8);
	finish();
	ck_assert_int_eq(find(code), 0);
	section.data[start + 7] = 0x80;
	ck_assert_int_eq(find(code), -EBADMSG);
}
END_TEST

START_TEST(refuses_bad_entries)
{
	size_t cie, fde;

	/* Without a header, or with one of another kind. */
	begin();
	fde = put_fde(put_cie("zR", USUAL), USUAL, code, 16, PROGRAM(0));
	finish();
	section.data[0] = 2;
	ck_assert_int_eq(find(code), -EBADMSG);
	section.data[0] = 1;
	section.data[1] = ALLOTP_POINTER_OMIT;
	ck_assert_int_eq(find(code), -EBADMSG);
	section.data[1] = USUAL;
	ck_assert_int_eq(find(code), 0);
	object.eh_frame_hdr = 0;
	ck_assert_int_eq(find(code), -ENOENT);
	/* An FDE that takes itself for its CIE, and a CIE of another version, or with another return address. */
	object.eh_frame_hdr = object.start;
	section.data[fde + 4] = 4;
	ck_assert_int_eq(find(code), -ENOENT);
	begin();
	cie = put_cie("zR", USUAL);
	put_fde(cie, USUAL, code, 16, PROGRAM(0));
	finish();
	section.data[cie + 8] = 2;
	ck_assert_int_eq(find(code), -ENOENT);
	section.data[cie + 8] = 1;
	ck_assert_int_eq(find(code), 0);
	section.data[cie + 14]++;
	ck_assert_int_eq(find(code), -ENOENT);
	section.data[cie + 14]--;
	ck_assert_int_eq(find(code), 0);
	/* An .eh_frame without an end. */
	object.end -= 4;
	object.high -= 4;
	ck_assert_int_eq(find(code + 16), -EBADMSG);
}
END_TEST

START_TEST(searches_the_table)
{
	enum { FUNCTIONS = 9 };
	size_t table, fdes[FUNCTIONS], cie;

	memset(&section, 0, sizeof(section));
	code = (uintptr_t)section.data + (1 << 20);
	put_bytes(PROGRAM(1, USUAL, ALLOTP_POINTER_U4, ALLOTP_POINTER_DATA_RELATIVE | ALLOTP_POINTER_S4));
	put(8 + 8 * FUNCTIONS, 4);
	put(FUNCTIONS, 4);
	table = section.size;
	section.size += 8 * FUNCTIONS;
	cie = put_cie("zR", USUAL);
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		uint32_t pair[2] = { (uint32_t)(1 << 20) + 32 * i };

		/* The CFA offset tells them apart; between two there is code without unwind data. */
		fdes[i] = put_fde(cie, USUAL, code + 32 * i, 16, PROGRAM(0x0e, (uint8_t)(16 + 8 * i)));
		pair[1] = (uint32_t)fdes[i];
		memcpy(section.data + table + 8 * i, pair, 8);
	}
	finish();
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		ck_assert_int_eq(find(code + 32 * i - 1), -ENOENT);
		ck_assert_int_eq(find(code + 32 * i + 15), 0);
		ck_assert_int_eq(scratch.row.cfa.offset, 16 + 8 * i);
		ck_assert_int_eq(find(code + 32 * i + 16), -ENOENT);
	}
	/* A table that is said to be longer than the file. */
	memset(section.data + 8, 0xff, 4);
	ck_assert_int_eq(find(code), -EBADMSG);
}
END_TEST

START_TEST(has_a_row_for_each_instruction)
{
	/* push fp (1 byte); mov sp, fp (3); ...; pop fp at 40; ret. */
	MAKE(0x41, 0x0e, 16, 0x80 | ALLOTP_REGISTER_FP, 2, 0x43, 0x0d, ALLOTP_REGISTER_FP, 0x02, 36, 0x0a, 0x0c,
	     ALLOTP_REGISTER_SP, 8, 0xc0 | ALLOTP_REGISTER_FP, 0x41, 0x0b);
	ck_assert_int_eq(find(code), 0);
	ck_assert_uint_eq(scratch.row.cfa_register, ALLOTP_REGISTER_SP);
	ck_assert_int_eq(scratch.row.cfa.offset, 8);
	ck_assert_int_eq(scratch.row.registers[ALLOTP_REGISTER_RA].offset, -8);
	ck_assert_int_eq(scratch.row.registers[ALLOTP_REGISTER_FP].how, ALLOTP_CFI_SAME);
	ck_assert_int_eq(find(code + 1), 0);
	ck_assert_int_eq(scratch.row.cfa.offset, 16);
	ck_assert_int_eq(scratch.row.registers[ALLOTP_REGISTER_FP].how, ALLOTP_CFI_SLOT);
	ck_assert_int_eq(scratch.row.registers[ALLOTP_REGISTER_FP].offset, -16);
	ck_assert_int_eq(find(code + 4), 0);
	ck_assert_uint_eq(scratch.row.cfa_register, ALLOTP_REGISTER_FP);
	ck_assert_int_eq(find(code + 40), 0);
	ck_assert_uint_eq(scratch.row.cfa_register, ALLOTP_REGISTER_SP);
	ck_assert_int_eq(scratch.row.registers[ALLOTP_REGISTER_FP].how, ALLOTP_CFI_SAME);
	ck_assert_int_eq(find(code + 41), 0);
	ck_assert_uint_eq(scratch.row.cfa_register, ALLOTP_REGISTER_FP);
	ck_assert_int_eq(scratch.row.registers[ALLOTP_REGISTER_FP].how, ALLOTP_CFI_SLOT);
}
END_TEST

START_TEST(reads_every_operation)
{
	/* offset_extended, _sf, negative, val_offset, register, undefined, same_value, args_size, def_cfa_sf. */
	MAKE(0x05, 3, 4, 0x11, 12, 0x7d, 0x14, 13, 2, 0x09, 14, 15, 0x07, 15, 0x08, 0, 0x2e, 16, 0x2f, 1, 3, 0x12, 5,
	     0x7e, 0x05, 90, 1);
	ck_assert_int_eq(find(code), 0);
	ck_assert_int_eq(scratch.row.registers[3].offset, -32);
	ck_assert_int_eq(scratch.row.registers[12].offset, 24);
	ck_assert_int_eq(scratch.row.registers[13].how, ALLOTP_CFI_OFFSET);
	ck_assert_int_eq(scratch.row.registers[13].offset, -16);
	ck_assert_int_eq(scratch.row.registers[14].how, ALLOTP_CFI_REGISTER);
	ck_assert_int_eq(scratch.row.registers[14].offset, 15);
	ck_assert_int_eq(scratch.row.registers[15].how, ALLOTP_CFI_UNDEFINED);
	ck_assert_int_eq(scratch.row.registers[0].how, ALLOTP_CFI_SAME);
	ck_assert_int_eq(scratch.row.registers[1].offset, 24);
	ck_assert_uint_eq(scratch.row.cfa_register, 5);
	ck_assert_int_eq(scratch.row.cfa.offset, 16);
}
END_TEST

START_TEST(refuses_bad_programs)
{
	static const struct {
		uint8_t program[16];
		size_t size;
	} cases[] = {
		{ { 0x3f }, 1 },                                                 /* no such operation */
		{ { 0x0b }, 1 },                                                 /* restores what was not remembered */
		{ { 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a }, 9 }, /* remembers too much */
		{ { 0x0e }, 1 },                                                 /* ends within an operand */
		{ { 0x0e, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80 }, 13 },
		{ { 0x0c, 77, 8 }, 3 },            /* a CFA from a register that is not tracked */
		{ { 0x10, 3, 0x7f, 0 }, 4 },       /* an expression longer than the program */
		{ { 0x0f, 1, 0x9c, 0x0e, 8 }, 5 }, /* an offset for a CFA that is an expression */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(cases[i].program, cases[i].size);
		ck_assert_msg(find(code) == -EBADMSG, "case %zu", i);
	}
}
END_TEST

static struct allotp_rule rule(void)
{
	ck_assert_int_eq(find(code), 0);
	return allotp_rule_make(&scratch.row);
}

START_TEST(makes_short_rules)
{
	MAKE(0x0e, 48);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_SP);
	ck_assert_int_eq(rule().cfa, 6);
	ck_assert_int_eq(rule().ra, 1);
	ck_assert_int_eq(rule().fp, 0);
	MAKE(0x0c, ALLOTP_REGISTER_FP, 16, 0x80 | ALLOTP_REGISTER_FP, 2);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_FP);
	ck_assert_int_eq(rule().cfa, 2);
	ck_assert_int_eq(rule().fp, 2);
	/* What gcc writes for main() with an aligned array: CFA = *(fp - 8), fp saved at fp. */
	MAKE(0x0f, 3, 0x70 + ALLOTP_REGISTER_FP, 0x78, 0x06, 0x10, ALLOTP_REGISTER_FP, 2, 0x70 + ALLOTP_REGISTER_FP, 0);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_DEREF);
	ck_assert_int_eq(rule().cfa, -1);
	MAKE(0x07, ALLOTP_REGISTER_RA);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_END);
	/* Anything else is for the full evaluation: another register, an odd offset, a moved return address, … */
	MAKE(0x0d, 12);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_FULL);
	MAKE(0x0e, 44);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_FULL);
	MAKE(0x09, ALLOTP_REGISTER_RA, 3);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_FULL);
	MAKE(0x0f, 3, 0x70 + ALLOTP_REGISTER_SP, 16, 0x06);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_FULL);
	MAKE(0x09, ALLOTP_REGISTER_FP, 3);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_FULL);
	MAKE(0x14, ALLOTP_REGISTER_SP, 1);
	ck_assert_int_eq(rule().kind, ALLOTP_RULE_FULL);
}
END_TEST

START_TEST(keeps_rules_in_one_word)
{
	const struct allotp_rule given = {
		.cfa = -ALLOTP_RULE_CFA_MAX, .ra = 65535, .fp = 1, .kind = ALLOTP_RULE_DEREF
	};
	const struct allotp_rule back = allotp_rule_of_word(allotp_rule_word(given));

	ck_assert_int_eq(back.cfa, given.cfa);
	ck_assert_int_eq(back.ra, given.ra);
	ck_assert_int_eq(back.fp, given.fp);
	ck_assert_int_eq(back.kind, given.kind);
}
END_TEST

START_TEST(steps_by_a_row)
{
	uint64_t stack[8] = { 11, 22, 33, 44, 55, 66, 77, 88 };
	const uint64_t sp = (uintptr_t)stack;
	struct allotp_registers registers = { .known = ALLOTP_REGISTERS_PRESERVED, .ip = code };

	registers.value[ALLOTP_REGISTER_SP] = sp;
	registers.value[3] = 3;
	registers.value[12] = 12;
	/* CFA = sp + 40: return address 55; r3 at CFA - 16: 44; r12 has still its value. */
	MAKE(0x0e, 40, 0x83, 2);
	ck_assert_int_eq(find(code), 0);
	ck_assert_int_eq(allotp_cfi_step(&scratch.row, &registers, &memory), 0);
	ck_assert_uint_eq(registers.ip, 55);
	ck_assert_uint_eq(registers.value[ALLOTP_REGISTER_SP], sp + 40);
#ifdef __x86_64__
	ck_assert_uint_eq(registers.value[3], 44);
	ck_assert_uint_eq(registers.value[12], 12);
#endif
	ck_assert(!registers.exact);
	/* A stack that does not shrink; a CFA from a register that is lost; a return address that can't be read. */
	registers.value[ALLOTP_REGISTER_SP] = sp;
	MAKE(0x13, 0);
	ck_assert_int_eq(find(code), 0);
	ck_assert_int_eq(allotp_cfi_step(&scratch.row, &registers, &memory), -EINVAL);
	MAKE(0x0d, 0);
	ck_assert_int_eq(find(code), 0);
	ck_assert_int_eq(allotp_cfi_step(&scratch.row, &registers, &memory), -ENODATA);
	registers.value[ALLOTP_REGISTER_SP] = 4096;
	MAKE(0x0e, 16);
	ck_assert_int_eq(find(code), 0);
	ck_assert_int_eq(allotp_cfi_step(&scratch.row, &registers, &memory), -EFAULT);
	/* And the end: undefined, or 0. */
	MAKE(0x07, ALLOTP_REGISTER_RA);
	ck_assert_int_eq(find(code), 0);
	ck_assert_int_eq(allotp_cfi_step(&scratch.row, &registers, &memory), -ENOENT);
	stack[0] = 0;
	registers.value[ALLOTP_REGISTER_SP] = sp;
	MAKE(0);
	ck_assert_int_eq(find(code), 0);
	ck_assert_int_eq(allotp_cfi_step(&scratch.row, &registers, &memory), -ENOENT);
	ck_assert_uint_eq(registers.value[ALLOTP_REGISTER_SP], sp);
}
END_TEST

START_TEST(knows_what_can_be_read)
{
	static uint64_t word;

	ck_assert(allotp_memory_probe((uintptr_t)&word));
	ck_assert(!allotp_memory_probe(4096));
	ck_assert(!allotp_memory_probe(UINT64_C(1) << 63));
	ck_assert(allotp_memory_reach(&memory, (uintptr_t)&word, 8));
	ck_assert(!allotp_memory_reach(&memory, 8, 8));
	ck_assert(!allotp_memory_reach(&memory, UINT64_MAX - 3, 8));
	ck_assert(allotp_memory_reach(&memory, (uintptr_t)&word, 8));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind-cfi");
	TCase *tests = tcase_create("cfi");

	tcase_add_test(tests, finds_by_every_encoding);
	tcase_add_test(tests, understands_augmentations);
	tcase_add_test(tests, reads_long_entries);
	tcase_add_test(tests, refuses_bad_entries);
	tcase_add_test(tests, searches_the_table);
	tcase_add_test(tests, has_a_row_for_each_instruction);
	tcase_add_test(tests, reads_every_operation);
	tcase_add_test(tests, refuses_bad_programs);
	tcase_add_test(tests, makes_short_rules);
	tcase_add_test(tests, keeps_rules_in_one_word);
	tcase_add_test(tests, steps_by_a_row);
	tcase_add_test(tests, knows_what_can_be_read);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
