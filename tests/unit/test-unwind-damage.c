/* SPDX-License-Identifier: MIT */
/*
 * Damages this program's own unwind data, in a copy, thousands of times, and looks everything up in it: nothing may crash,
 * hang, or read beyond the copy, which ends where its memory ends.
 */
#include "unwind/cfi.h"
#include "unwind/rule.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unit.h"

static uint64_t state;

static uint32_t random_below(uint32_t bound)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state >> 33) % bound);
}

/* The copy: its end is the end of a page, and the next page can't be read. */
static struct allotp_object copy, original;
static size_t size;
static struct allotp_cfi_scratch scratch;
static struct allotp_memory memory;

static void make_copy(void)
{
	ck_assert_int_eq(allotp_object_find((uintptr_t)&make_copy, &original), 0);
	ck_assert_uint_ne(original.eh_frame_hdr, 0);
	size = original.high - original.eh_frame_hdr;
	size_t mapped = (size + 2 * ALLOTP_PAGE) & ~(ALLOTP_PAGE - 1);
	char *map = mmap(NULL, mapped + ALLOTP_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map + mapped, ALLOTP_PAGE, PROT_NONE), 0);
	/* Everything in it is relative, so it describes code that is as far from the copy as the real one is from it. */
	copy.eh_frame_hdr = (uintptr_t)map + mapped - size;
	copy.low = copy.start = copy.eh_frame_hdr;
	copy.high = copy.end = (uintptr_t)map + mapped;
}

static void restore(void)
{
	memcpy((void *)(uintptr_t)copy.eh_frame_hdr, (const void *)(uintptr_t)original.eh_frame_hdr, size);
}

/* A program counter that corresponds to one in this program's code. */
static uint64_t some_pc(void)
{
	uint64_t span = original.eh_frame_hdr - original.start;

	return copy.eh_frame_hdr - 1 - random_below((uint32_t)span);
}

/* What a step by the row in scratch yields from a stack of random words; only its ending is of interest. */
static void step(void)
{
	static uint64_t stack[512];
	struct allotp_registers registers = { .known = ALLOTP_REGISTER_BIT(ALLOTP_REGISTERS) - 1 };

	for (unsigned i = 0; i < 512; i++)
		stack[i] = random_below(2) ? random_below(UINT32_MAX) : (uintptr_t)&stack[random_below(512)];
	for (unsigned i = 0; i < ALLOTP_REGISTERS; i++)
		registers.value[i] = (uintptr_t)&stack[random_below(512)];
	allotp_cfi_step(&scratch.row, &registers, &memory);
	allotp_rule_make(&scratch.row);
}

/* Where the program headers can't be found, pages are asked for one by one. */
START_TEST(copy_is_as_good)
{
	unsigned found = 0;

	make_copy();
	restore();
	if (_i)
		copy.low = copy.high = 0;
	state = 1;
	for (unsigned i = 0; i < 20000; i++) {
		static struct allotp_cfi_scratch other;
		uint64_t pc = some_pc();
		int result = allotp_cfi_find(&copy, pc, &scratch);

		ck_assert_int_eq(allotp_cfi_find(&original, pc - copy.eh_frame_hdr + original.eh_frame_hdr, &other),
				 result);
		if (result != 0)
			continue;
		found++;
		/* Expressions lie in either of the two, but rules made of them are the same. */
		ck_assert_uint_eq(allotp_rule_word(allotp_rule_make(&scratch.row)),
				  allotp_rule_word(allotp_rule_make(&other.row)));
	}
	ck_assert_uint_gt(found, 1000);
}
END_TEST

/* _i bytes are damaged at a time; and the search table is, or is not, taken away. */
START_TEST(damage_is_harmless)
{
	uint8_t *data;

	make_copy();
	data = (uint8_t *)(uintptr_t)copy.eh_frame_hdr;
	state = (uint64_t)_i;
	for (unsigned round = 0; round < 300; round++) {
		restore();
		for (int i = 0; i < 1 << (_i / 2); i++)
			data[random_below((uint32_t)size)] = (uint8_t)random_below(256);
		if (_i % 2)
			data[3] = 0xff;
		else if (round % 4 == 0)
			data[random_below(12)] ^= (uint8_t)(1 << random_below(8));
		for (unsigned i = 0; i < (_i % 2 ? 10 : 200); i++)
			if (allotp_cfi_find(&copy, some_pc(), &scratch) == 0)
				step();
	}
}
END_TEST

START_TEST(short_file_is_harmless)
{
	make_copy();
	restore();
	state = 3;
	for (unsigned i = 0; i < 20000; i++) {
		struct allotp_object cut = copy;

		/* The same, but the file starts later and ends earlier. */
		cut.low = cut.start = copy.low + random_below(16);
		cut.high = cut.end = copy.high - random_below((uint32_t)size - 16);
		if (allotp_cfi_find(&cut, some_pc(), &scratch) == 0)
			step();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind-damage");
	TCase *tests = tcase_create("damage");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, copy_is_as_good, 0, 2);
	tcase_add_loop_test(tests, damage_is_harmless, 0, 24);
	tcase_add_test(tests, short_file_is_harmless);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
