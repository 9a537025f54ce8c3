/* SPDX-License-Identifier: MIT */
/* Functions whose frames differ in shape. Is compiled several times; SHAPES names the table. */
#include "unwind-tour.h"

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline, noclone))
#ifdef __clang__
#undef NOINLINE
#define NOINLINE __attribute__((noinline))
#endif

/* Keeps the compiler from making the call before it the last one. */
#define AFTER_CALL() __asm__ volatile("" ::: "memory")

static NOINLINE void plain(struct tour *tour)
{
	tour_visit(tour);
	AFTER_CALL();
}

static NOINLINE void with_array(struct tour *tour)
{
	unsigned size = tour_random(tour, 500) + 1;
	volatile uint64_t array[size];

	for (unsigned i = 0; i < size; i++) {
		array[i] = i;
		if (i % 200 == 7)
			tour_visit(tour);
	}
	array[0] = array[size - 1];
}

static NOINLINE void with_large_frame(struct tour *tour)
{
	volatile char frame[20000];

	frame[0] = frame[sizeof(frame) - 1] = 1;
	tour_visit(tour);
	frame[0] = 2;
}

static NOINLINE void realigned(struct tour *tour)
{
	volatile char frame[192] __attribute__((aligned(64)));

	memset((char *)frame, 1, sizeof(frame));
	tour_visit(tour);
	frame[0] = 2;
}

/* Calls a function that saves the frame pointer in another way. */
static NOINLINE void with_alloca(struct tour *tour)
{
	size_t size = tour_random(tour, 3000) + 1;
	volatile char *memory = alloca(size);

	memory[0] = memory[size - 1] = 1;
	if (size % 2)
		tour_visit(tour);
	else
		realigned(tour);
	memory[0] = 2;
}

static NOINLINE void realigned_with_alloca(struct tour *tour)
{
	volatile char frame[64] __attribute__((aligned(32)));
	size_t size = tour_random(tour, 200) + 1;
	volatile char *memory = alloca(size);

	frame[0] = 1;
	memory[size - 1] = 1;
	tour_visit(tour);
	frame[0] = memory[0] = frame[1];
}

/* Enough live values that all preserved registers are taken, the frame pointer too if it is free. */
static NOINLINE void many_registers(struct tour *tour)
{
	uint64_t a = tour->random, b = a * 3, c = a * 5, d = a * 7, e = a * 11, f = a * 13, g = a * 17;

	for (unsigned i = 0; i < 3; i++) {
		a += i, b ^= a, c += b, d ^= c, e += d, f ^= e, g += f;
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
		if (i == 1)
			tour_visit(tour);
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g));
	}
}

static NOINLINE void recurse(struct tour *tour, unsigned times)
{
	if (times > 0)
		recurse(tour, times - 1);
	else
		tour_visit(tour);
	AFTER_CALL();
}

static NOINLINE void recursive(struct tour *tour)
{
	recurse(tour, tour_random(tour, 9));
	AFTER_CALL();
}

static NOINLINE void tail_caller(struct tour *tour)
{
	plain(tour);
}

static NOINLINE void variadic(struct tour *tour, ...)
{
	volatile int sum = 0;
	va_list list;

	va_start(list, tour);
	for (int i = 0; i < 9; i++)
		sum += va_arg(list, int);
	va_end(list);
	if (sum == 45)
		tour_visit(tour);
	AFTER_CALL();
}

static NOINLINE void with_arguments_on_the_stack(struct tour *tour)
{
	variadic(tour, 1, 2, 3, 4, 5, 6, 7, 8, 9);
	AFTER_CALL();
}

static int compare(const void *a, const void *b)
{
	struct tour *tour = tour_current;

	if (tour_random(tour, 6) == 0)
		tour_visit(tour);
	return *(const int *)a - *(const int *)b;
}

static NOINLINE void through_qsort(struct tour *tour)
{
	int values[] = { 5, 1, 4, 2, 3 };

	tour_current = tour;
	qsort(values, 5, sizeof(values[0]), compare);
}

static NOINLINE void through_bsearch(struct tour *tour)
{
	int values[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, key = 7;

	tour_current = tour;
	if (!bsearch(&key, values, 9, sizeof(values[0]), compare))
		abort();
}

static void jump_out(struct tour *tour, jmp_buf *target, unsigned times);
/* Called by this, or compilers complain that the recursion has no end: it ends by longjmp. */
static void (*volatile jump)(struct tour *tour, jmp_buf *target, unsigned times) = jump_out;

static NOINLINE void jump_out(struct tour *tour, jmp_buf *target, unsigned times)
{
	tour_visit(tour);
	if (times == 0)
		longjmp(*target, 1);
	jump(tour, target, times - 1);
	AFTER_CALL();
}

static NOINLINE void with_longjmp(struct tour *tour)
{
	unsigned depth = tour->depth;
	jmp_buf target;

	if (setjmp(target) == 0)
		jump_out(tour, &target, tour_random(tour, 5));
	tour->depth = depth;
	tour_visit(tour);
	AFTER_CALL();
}

static void handle(int number)
{
	(void)number;
	tour_visit(tour_current);
}

/*
 * SIGUSR1 on this stack, SIGUSR2 on the alternate one if the thread has one. Of threads on tour at once one may get what another
 * has just set: the same handler, of whichever table.
 */
static NOINLINE void with_signal(struct tour *tour)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_NODEFER };
	bool other = tour_random(tour, 2);

	if (other)
		action.sa_flags |= SA_ONSTACK;
	tour_current = tour;
	sigaction(other ? SIGUSR2 : SIGUSR1, &action, NULL);
	raise(other ? SIGUSR2 : SIGUSR1);
	AFTER_CALL();
}

tour_shape *const SHAPES[] = { plain,
			       with_alloca,
			       with_array,
			       with_large_frame,
			       realigned,
			       realigned_with_alloca,
			       many_registers,
			       recursive,
			       tail_caller,
			       with_arguments_on_the_stack,
			       through_qsort,
			       through_bsearch,
			       with_longjmp,
			       with_signal,
			       NULL };
