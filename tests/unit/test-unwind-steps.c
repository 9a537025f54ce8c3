/* SPDX-License-Identifier: MIT */
/*
 * Lets the processor trap after every instruction of a tour, and walks from the trap's handler: through signal
 * frames, from within prologues and epilogues, procedure linkage tables, the loader's lazy binding and longjmp.
 */
#include "unwind-hook.h"
#include "unwind-tour.h"

#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#include "unit.h"

#define TRAP_FLAG 0x100

enum { TRAPS = 50000 };

static struct hook hook;
static unsigned long traps;

static void handle(int number, siginfo_t *info, void *context_of_signal)
{
	ucontext_t *context = context_of_signal;

	(void)number;
	(void)info;
	hook_check(&hook);
	if (++traps == TRAPS)
		context->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static void nothing(struct hook *unused)
{
	(void)unused;
}

START_TEST(same_as_reference_after_each_instruction)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
	tour_shape *const *const tables[] = { shapes_o0, shapes_o2, shapes_os, shapes_pointer, shapes_no_pointer };
	struct tour tour = { .shapes = tables[_i], .random = 1, .deepest = 12, .left = 1000000, .walk = nothing };

	while (tour.shapes[tour.shape_count])
		tour.shape_count++;
	ck_assert(hook_setup());
	hook_make(&hook, 1024);
	sigaction(SIGTRAP, &action, NULL);
	__asm__ volatile("pushfq; orq %0, (%%rsp); popfq" ::"i"(TRAP_FLAG) : "memory", "cc");
	while (traps < TRAPS)
		tour_visit(&tour);
	ck_assert_uint_eq(hook.walks, TRAPS);
	ck_assert_msg(hook.differing == 0, "%lu differ\n%s", hook.differing, hook.difference);
}
END_TEST

int main(void)
{
	Suite *suite;
	TCase *tests = tcase_create("steps");

	if (hook_skips())
		return EXIT_SUCCESS;
	suite = suite_create("unwind-steps");
	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, same_as_reference_after_each_instruction, 0, 5);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
