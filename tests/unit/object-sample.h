/* SPDX-License-Identifier: MIT */
/* Types, and a heap that has to be empty in the end, for the tests of the object library. */
#ifndef ALLOT_TESTS_OBJECT_SAMPLE_H
#define ALLOT_TESTS_OBJECT_SAMPLE_H

#include <allot/gc.h>
#include <allot/object.h>
#include <allot/weakref.h>
#include <stdbool.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SAMPLE_SLOWNESS 10
#else
#define SAMPLE_SLOWNESS 1
#endif

/* The heap of a test; made by sample_set_up with the collector disabled, destroyed by sample_tear_down, which wants it empty. */
extern struct allot_heap *heap;

void sample_set_up(void);
void sample_set_up_shared(void);
void sample_tear_down(void);

/* Two references, and weak references to it. */
struct pair {
	struct allot_object object;
	void *first, *second;
};

extern const struct allot_type pair_type;

/* A new pair; takes over the references. */
struct pair *pair_new(void *first, void *second);

/* The same, referring to itself only, and given up: garbage. */
void pair_garbage(void);

/* As many references as wanted, in memory of its own. */
struct list {
	struct allot_object object;
	size_t count;
	void **items;
};

extern const struct allot_type list_type;

struct list *list_new(void);
void list_append(struct list *list, void *item); /* takes a reference of its own */

/* References in the object itself. */
struct tuple {
	struct allot_var_object object;
	void *items[];
};

extern const struct allot_type tuple_type;

struct tuple *tuple_new(size_t count);

/* No container, 32 bytes. */
struct leaf {
	struct allot_object object;
	long value;
	void *spare;
};

extern const struct allot_type leaf_type;

/* How many pairs, lists, tuples and leaves died so far. */
extern size_t sample_dead;

/*
 * What another process says on standard error as it runs the function in a heap of its own and aborts; NULL if it does
 * not abort. Valid until the next call.
 */
const char *sample_fault(void (*function)(void));

/* The lines that the heap logs from now on, and forgets them. */
const char *sample_log(void);
void sample_log_clear(void);
void sample_log_add(const char *line, void *data); /* an allot_log for other heaps */

#endif
