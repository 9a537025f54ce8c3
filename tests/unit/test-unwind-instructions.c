/* SPDX-License-Identifier: MIT */
/* Tests lib/unwind/instructions-x86_64.c: which bytes before an address are a call. */
#include "unwind/instructions.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct {
	bool call;
	uint8_t size, code[8];
} cases[] = {
	{ true, 5, { 0xe8, 1, 2, 3, 4 } },             /* call f */
	{ true, 2, { 0xff, 0xd0 } },                   /* call *%rax */
	{ true, 3, { 0x41, 0xff, 0xd7 } },             /* call *%r15 */
	{ true, 2, { 0xff, 0x10 } },                   /* call *(%rax) */
	{ true, 3, { 0xff, 0x50, 8 } },                /* call *8(%rax) */
	{ true, 6, { 0xff, 0x90, 1, 2, 3, 4 } },       /* call *disp(%rax) */
	{ true, 6, { 0xff, 0x15, 1, 2, 3, 4 } },       /* call *f(%rip) */
	{ true, 3, { 0xff, 0x14, 0xc8 } },             /* call *(%rax,%rcx,8) */
	{ true, 4, { 0xff, 0x54, 0x24, 8 } },          /* call *8(%rsp) */
	{ true, 7, { 0xff, 0x94, 0x24, 1, 2, 3, 4 } }, /* call *disp(%rsp) */
	{ true, 7, { 0xff, 0x14, 0xc5, 1, 2, 3, 4 } }, /* call *disp(,%rax,8) */
	{ false, 5, { 0xe9, 1, 2, 3, 4 } },            /* jmp f */
	{ false, 2, { 0xff, 0xe0 } },                  /* jmp *%rax */
	{ false, 2, { 0xff, 0xc0 } },                  /* inc %eax */
	{ false, 6, { 0xff, 0x25, 1, 2, 3, 4 } },      /* jmp *f(%rip) */
	{ false, 7, { 0xff, 0x15, 1, 2, 3, 4, 5 } },   /* a call, and one byte more */
	{ false, 1, { 0x90 } },
};

START_TEST(knows_calls)
{
	uint8_t code[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(code, 0x90, sizeof(code));
		memcpy(code + sizeof(code) - cases[i].size, cases[i].code, cases[i].size);
		ck_assert_msg(allotp_instructions_after_call((uintptr_t)code + sizeof(code)) == cases[i].call,
			      "case %zu", i);
	}
	ck_assert(!allotp_instructions_after_call(0));
	ck_assert(!allotp_instructions_after_call(8192));
}
END_TEST

START_TEST(knows_signal_trampolines)
{
	static const uint8_t sigreturn[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	uint64_t frame[40];
	struct allotp_memory memory = { .next = 0 };
	struct allotp_registers registers = { .known = ALLOTP_REGISTERS_PRESERVED, .ip = (uintptr_t)sigreturn };

	for (unsigned i = 0; i < 40; i++)
		frame[i] = i;
	registers.value[ALLOTP_REGISTER_SP] = (uintptr_t)frame;
	ck_assert_int_eq(allotp_instructions_signal_return(&registers, &memory), 0);
	ck_assert(registers.exact);
	/* struct sigcontext: r8 to r15, di, si, bp, bx, dx, ax, cx, sp, ip, behind 40 bytes. */
	ck_assert_uint_eq(registers.value[8], 5);
	ck_assert_uint_eq(registers.value[ALLOTP_REGISTER_FP], 15);
	ck_assert_uint_eq(registers.value[ALLOTP_REGISTER_SP], 20);
	ck_assert_uint_eq(registers.ip, 21);
	registers.ip = (uintptr_t)sigreturn + 1;
	ck_assert_int_ne(allotp_instructions_signal_return(&registers, &memory), 0);
	registers.ip = (uintptr_t)sigreturn;
	registers.value[ALLOTP_REGISTER_SP] = 4096;
	ck_assert_int_ne(allotp_instructions_signal_return(&registers, &memory), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind-instructions");
	TCase *tests = tcase_create("instructions");

	tcase_add_test(tests, knows_calls);
	tcase_add_test(tests, knows_signal_trampolines);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
