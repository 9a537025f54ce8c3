/* SPDX-License-Identifier: MIT */
/* Tests lib/unwind/expression.c: what each operation yields, and that nothing runs on or off. */
#include "unwind/expression.h"

#include <errno.h>

#include "unit.h"

static struct allotp_memory memory;
static struct allotp_registers registers = {
	.known = ALLOTP_REGISTER_BIT(3) | ALLOTP_REGISTER_BIT(ALLOTP_REGISTER_SP),
};

static int evaluate(const uint8_t *code, size_t size, uint64_t *out)
{
	const struct allotp_expression expression = { .code = code, .size = (uint32_t)size };
	const uint64_t initial = 7;

	return allotp_expression_evaluate(&expression, &registers, &memory, &initial, out);
}

struct example {
	uint64_t value;
	uint8_t size;
	uint8_t code[14];
};

/* On the stack at the start: 7. Register 3 is 100. */
static const struct example examples[] = {
	{ 7, 0, { 0 } },
	{ 31, 1, { 0x4f } },
	{ 0x1122334455667788, 9, { 0x0e, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 } },
	{ 0x1122334455667788, 9, { 0x03, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 } },
	{ 0xfe, 2, { 0x08, 0xfe } },
	{ (uint64_t)-2, 2, { 0x09, 0xfe } },
	{ 0xfffe, 3, { 0x0a, 0xfe, 0xff } },
	{ (uint64_t)-2, 3, { 0x0b, 0xfe, 0xff } },
	{ 0xfffffffe, 5, { 0x0c, 0xfe, 0xff, 0xff, 0xff } },
	{ (uint64_t)-2, 5, { 0x0d, 0xfe, 0xff, 0xff, 0xff } },
	{ 300, 3, { 0x10, 0xac, 0x02 } },
	{ (uint64_t)-128, 3, { 0x11, 0x80, 0x7f } },
	{ 14, 2, { 0x12, 0x22 } },                        /* dup plus */
	{ 7, 2, { 0x31, 0x13 } },                         /* lit1 drop */
	{ 7, 2, { 0x31, 0x14 } },                         /* lit1 over */
	{ 7, 4, { 0x31, 0x32, 0x15, 2 } },                /* lit1 lit2 pick(2) */
	{ 2, 3, { 0x39, 0x16, 0x1c } },                   /* lit9 swap minus: 9 - 7 */
	{ 1, 3, { 0x31, 0x32, 0x17 } },                   /* 7 1 2 rot: 2 7 1 */
	{ 7, 3, { 0x09, 0xf9, 0x19 } },                   /* abs of -7 */
	{ (uint64_t)-7, 1, { 0x1f } },                    /* neg */
	{ ~UINT64_C(7), 1, { 0x20 } },                    /* not */
	{ 3, 2, { 0x33, 0x1a } },                         /* lit3 and */
	{ 15, 2, { 0x38, 0x21 } },                        /* lit8 or */
	{ 6, 2, { 0x31, 0x27 } },                         /* lit1 xor */
	{ (uint64_t)-3, 3, { 0x1f, 0x32, 0x1b } },        /* -7 / 2 */
	{ 1, 2, { 0x33, 0x1d } },                         /* 7 mod 3 */
	{ 21, 2, { 0x33, 0x1e } },                        /* 7 * 3 */
	{ 307, 3, { 0x23, 0xac, 0x02 } },                 /* plus_uconst 300 */
	{ 56, 2, { 0x33, 0x24 } },                        /* 7 << 3 */
	{ 3, 2, { 0x31, 0x25 } },                         /* 7 >> 1 */
	{ (uint64_t)-4, 3, { 0x1f, 0x31, 0x26 } },        /* -7 >> 1, arithmetic */
	{ 0, 3, { 0x08, 64, 0x24 } },                     /* 7 << 64 */
	{ 1, 2, { 0x37, 0x29 } },                         /* 7 == 7 */
	{ 1, 3, { 0x1f, 0x37, 0x2d } },                   /* -7 < 7 */
	{ 0, 3, { 0x1f, 0x37, 0x2b } },                   /* -7 > 7 */
	{ 1, 2, { 0x37, 0x2a } },                         /* 7 >= 7 */
	{ 1, 2, { 0x37, 0x2c } },                         /* 7 <= 7 */
	{ 0, 2, { 0x37, 0x2e } },                         /* 7 != 7 */
	{ 7, 4, { 0x2f, 1, 0, 0x31 } },                   /* skip lit1 */
	{ 1, 7, { 0x31, 0x28, 1, 0, 0x32, 0x31, 0x96 } }, /* lit1 bra over lit2, lit1, nop */
	{ 107, 3, { 0x73, 0, 0x22 } },                    /* breg3+0 plus */
	{ 99, 2, { 0x73, 0x7f } },                        /* breg3-1 */
	{ 100, 1, { 0x53 } },                             /* reg3 */
	{ 100, 2, { 0x90, 3 } },                          /* regx 3 */
	{ 105, 3, { 0x92, 3, 5 } },                       /* bregx 3, 5 */
};

START_TEST(evaluates)
{
	registers.value[3] = 100;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		uint64_t value = 0xbad;

		ck_assert_msg(evaluate(examples[i].code, examples[i].size, &value) == 0, "example %zu fails", i);
		ck_assert_msg(value == examples[i].value, "example %zu: %#llx", i, (unsigned long long)value);
	}
}
END_TEST

START_TEST(reads_memory)
{
	static const uint64_t word = 0xfedcba9876543210;
	uint64_t value;

	registers.value[3] = (uintptr_t)&word;
	ck_assert_int_eq(evaluate((const uint8_t[]){ 0x73, 0, 0x06 }, 3, &value), 0);
	ck_assert_uint_eq(value, word);
	ck_assert_int_eq(evaluate((const uint8_t[]){ 0x73, 0, 0x94, 4 }, 4, &value), 0);
	ck_assert_uint_eq(value, 0x76543210);
	ck_assert_int_eq(evaluate((const uint8_t[]){ 0x73, 1, 0x94, 1 }, 4, &value), 0);
	ck_assert_uint_eq(value, 0x32);
	ck_assert_int_eq(evaluate((const uint8_t[]){ 0x73, 0, 0x94, 9 }, 4, &value), -EINVAL);
	ck_assert_int_eq(evaluate((const uint8_t[]){ 0x30, 0x06 }, 2, &value), -EFAULT);
	ck_assert_int_eq(evaluate((const uint8_t[]){ 0x09, 0xff, 0x06 }, 3, &value), -EFAULT);
}
END_TEST

START_TEST(stops)
{
	static const struct {
		int error;
		uint8_t size, code[8];
	} cases[] = {
		{ -EINVAL, 3, { 0x2f, 0xfd, 0xff } },       /* skip to itself, for ever */
		{ -EINVAL, 3, { 0x2f, 0xfc, 0xff } },       /* skip to before the start */
		{ -EINVAL, 3, { 0x2f, 1, 0 } },             /* skip past the end */
		{ -EINVAL, 4, { 0x12, 0x2f, 0xfc, 0xff } }, /* dup for ever */
		{ -EINVAL, 1, { 0x22 } },                   /* plus with one operand */
		{ -EINVAL, 1, { 0x13 } },                   /* leaves nothing */
		{ -EINVAL, 2, { 0x30, 0x1b } },             /* division by zero */
		{ -EINVAL, 2, { 0x30, 0x1d } },             /* remainder of the same */
		{ -EINVAL, 2, { 0x15, 1 } },                /* pick below the stack */
		{ -EINVAL, 3, { 0x0e, 1, 2 } },             /* ends within an operand */
		{ -EINVAL, 2, { 0x10, 0x80 } },             /* ends within a number */
		{ -EINVAL, 1, { 0xe0 } },                   /* no such operation */
		{ -ENODATA, 2, { 0x71, 0 } },               /* a register whose value is not known */
		{ -ENODATA, 3, { 0x92, 99, 0 } },           /* one that there is not */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0xbad;

		ck_assert_msg(evaluate(cases[i].code, cases[i].size, &value) == cases[i].error, "case %zu", i);
		ck_assert_uint_eq(value, 0xbad);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind-expression");
	TCase *tests = tcase_create("expression");

	tcase_add_test(tests, evaluates);
	tcase_add_test(tests, reads_memory);
	tcase_add_test(tests, stops);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
