/* SPDX-License-Identifier: MIT */
/* What the benchmark of objects asks of each library that it compares; what one has not is NULL. */
#ifndef ALLOT_TESTS_BENCH_OBJECT_H
#define ALLOT_TESTS_BENCH_OBJECT_H

#include <stddef.h>

#define OBJECT_SIZE 48 /* of what is made and freed, with all that the library puts in it */
#define GRAPH_NODES 1000000

struct object_library {
	const char *name;
	void (*set_up)(void);
	void (*new_and_free)(size_t times);
	void (*ref_and_unref)(size_t times); /* over a thousand objects */
	void (*ref_and_unref_shared)(size_t times); /* by counts that threads may share */
	void (*build)(void); /* GRAPH_NODES nodes: each refers to the next, in a circle, and to one by object_random() */
	void (*collect)(void); /* all of it is reachable; nothing else exists */
	void (*drop)(void); /* makes all of it garbage */
	void (*collect_dead)(void);
};

extern const struct object_library object_malloc, object_allot, object_rc_box, object_gobject, object_talloc,
	object_boehm;

/* The same sequence of nodes for each library, from the start of a graph on. */
size_t object_random(size_t *state);

#endif
