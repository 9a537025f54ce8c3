/* SPDX-License-Identifier: MIT */
/*
 * A tour: random nested calls of functions with frames of all shapes, with walks at random points. The shapes are
 * compiled several times, with different options; each set of them is a table.
 */
#ifndef ALLOT_TESTS_UNWIND_TOUR_H
#define ALLOT_TESTS_UNWIND_TOUR_H

#include <stdint.h>

struct hook;
struct tour;

/* A function that calls tour_visit somewhere within. */
typedef void tour_shape(struct tour *tour);

struct tour {
	void (*walk)(struct hook *hook);
	struct hook *hook;
	tour_shape *const *shapes;
	unsigned shape_count;
	uint64_t random;
	unsigned depth, deepest;
	unsigned long left; /* walks to be made */
};

#ifdef __cplusplus
extern "C" {
#endif

/* The thread's own, for functions that nobody can hand it to. One for all tables: signal handlers are the whole process's. */
extern __thread struct tour *tour_current;

/* A few walks and calls of further shapes. */
void tour_visit(struct tour *tour);

/* A number below the bound; the same ones each time. */
unsigned tour_random(struct tour *tour, unsigned bound);

/* Tables of shapes, each ended by NULL. */
extern tour_shape *const shapes_o0[], *const shapes_o2[], *const shapes_os[], *const shapes_pointer[],
										      *const shapes_no_pointer[],
											      *const shapes_cxx[];

#ifdef __cplusplus
}
#endif

#endif
