/* SPDX-License-Identifier: MIT */
/* Asks for leaks by itself, and says what is none; by allot's names and by LeakSanitizer's. */
#include <stdint.h>
#include <string.h>

#include "allot/trace.h"
#include "target.h"

/* Found where the tracer is; LeakSanitizer's own header declares them so. */
void __lsan_ignore_object(const void *block) __attribute__((weak));
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
void __lsan_register_root_region(const void *memory, size_t size) __attribute__((weak));
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void *volatile global;
static volatile size_t too_much = (size_t)1 << 62;

SITE void *make_1801(void)
{
	return memset(malloc(1801), 0, 1801);
}

SITE void lose(void)
{
	make_1801();
}

SITE void ignore(void)
{
	void **block = make_1801();

	*block = make_1801();
	REQUIRE(!allot_leak_ignore(block));
	/* One that is given up, and is not freed after all, stays what it was. */
	REQUIRE(!realloc(block, too_much));
	if (__lsan_ignore_object)
		__lsan_ignore_object(make_1801());
}

SITE void disable(void)
{
	allot_leaks_disable();
	allot_leaks_disable();
	make_1801();
	allot_leaks_enable();
	make_1801();
	allot_leaks_enable();
	if (__lsan_disable) {
		__lsan_disable();
		make_1801();
		__lsan_enable();
	}
}

/* A root in a block that nobody points to: what it holds is kept, itself is not. */
SITE void *hide_root(void)
{
	static void *volatile hidden;
	void **block = malloc(1802);

	memset(block, 0, 1802);
	block[5] = make_1801();
	REQUIRE(!allot_root_register(block + 5, sizeof(*block)));
	REQUIRE(allot_root_register(NULL, 8) == -EINVAL && allot_root_unregister(block, 8) == -ENOENT);
	hidden = (void *)~(size_t)block;
	return hidden;
}

__attribute__((noinline)) static void clear(void)
{
	volatile char below[32768];

	for (size_t i = 0; i < sizeof(below); i++)
		below[i] = 0;
}

/* What the look finds below the caller's frame, where it runs itself: in each word a pointer to the block. */
__attribute__((noinline)) static void fill(uintptr_t hidden)
{
	volatile uintptr_t below[4096];

	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++)
		below[i] = ~hidden;
	hidden = 0;
	__asm__ volatile("" : : "r"(below) : "memory");
}

/* More blocks than one that stand in registers, or in the stack, while the look is there. */
__attribute__((noinline)) static void hold(void)
{
	struct allot_leak_counts found;
	void *a = make_1801(), *b = make_1801(), *c = make_1801(), *d = make_1801(), *e = make_1801();

	clear();
	REQUIRE(allot_check_leaks(&found) == 0);
	free(a);
	free(b);
	free(c);
	free(d);
	free(e);
}

int main(void)
{
	struct allot_leak_counts found = { 0 };
	uintptr_t hidden;
	int result;

	result = allot_check_leaks(&found);
	if (result == ALLOT_NOT_TRACING)
		return 0;
	REQUIRE(!result);
	lose();
	clear();
	REQUIRE(allot_check_leaks(&found) == 1 && found.definite.blocks == 1 && found.definite.bytes == 1801);
	REQUIRE(allot_check_leaks(NULL) == 0);
	ignore();
	disable();
	clear();
	REQUIRE(allot_check_leaks(&found) == 0 && found.definite.blocks == 1);
	hide_root();
	clear();
	REQUIRE(allot_check_leaks(&found) == 1 && found.definite.blocks == 2 && found.definite.bytes == 1801 + 1802);
	lose();
	clear();
	if (__lsan_do_recoverable_leak_check)
		REQUIRE(__lsan_do_recoverable_leak_check() == 1 && __lsan_do_recoverable_leak_check() == 0);
	hidden = ~(uintptr_t)make_1801();
	clear();
	fill(hidden);
	REQUIRE(allot_check_leaks(&found) == 1 && found.definite.bytes == 3 * 1801 + 1802);
	hold();
	global = make_1801();
	return 0;
}
