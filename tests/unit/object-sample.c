/* SPDX-License-Identifier: MIT */
/* Types for the tests of the object library, written as a program would write them. */
#include "object-sample.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

struct allot_heap *heap;
size_t sample_dead;

/* What is too large for any memory is NULL for malloc, not a reason to end. The sanitizers' own libraries must find these. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static char log_text[65536];

void sample_log_add(const char *line, void *data)
{
	(void)data;
	strncat(log_text, line, sizeof(log_text) - strlen(log_text) - 1);
}

const char *sample_log(void)
{
	return log_text;
}

void sample_log_clear(void)
{
	log_text[0] = 0;
}

static void set_up(unsigned flags)
{
	ck_assert_int_eq(allot_heap_create(flags, &heap), 0);
	allot_gc_disable(heap);
	allot_heap_set_log(heap, sample_log_add, NULL);
	sample_log_clear();
	sample_dead = 0;
}

void sample_set_up(void)
{
	set_up(0);
}

void sample_set_up_shared(void)
{
	set_up(ALLOT_HEAP_SHARED);
}

void sample_tear_down(void)
{
	allot_gc_garbage_clear(heap);
	ck_assert_int_eq(allot_heap_destroy(heap), 0);
	heap = NULL;
}

/* ---- Types ---- */

/* Check's own assertions write to a file each time. */
static void require(const void *memory)
{
	if (!memory)
		ck_abort_msg("no memory");
}

static void count_death(void *object)
{
	(void)object;
	__atomic_fetch_add(&sample_dead, 1, __ATOMIC_RELAXED);
}

static const struct allot_field pair_fields[] = {
	ALLOT_FIELD(struct pair, first),
	ALLOT_FIELD(struct pair, second),
	ALLOT_FIELDS_END,
};

const struct allot_type pair_type = {
	.name = "pair",
	.size = sizeof(struct pair),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.dealloc = count_death,
	.fields = pair_fields,
};

struct pair *pair_new(void *first, void *second)
{
	struct pair *pair = allot_new(heap, &pair_type);

	require(pair);
	pair->first = first;
	pair->second = second;
	return pair;
}

void pair_garbage(void)
{
	struct pair *pair = pair_new(NULL, NULL);

	pair->first = pair;
}

static int list_traverse(void *object, allot_visit *visit, void *data)
{
	struct list *list = object;

	for (size_t i = 0; i < list->count; i++)
		ALLOT_VISIT(list->items[i]);
	return 0;
}

static void list_clear(void *object)
{
	struct list *list = object;
	void **items = list->items;
	size_t count = list->count;

	list->items = NULL;
	list->count = 0;
	for (size_t i = 0; i < count; i++)
		allot_unref(items[i]);
	free(items);
}

static size_t list_size(const void *object)
{
	return sizeof(struct list) + ((const struct list *)object)->count * sizeof(void *);
}

static const struct allot_field list_fields[] = {
	ALLOT_ARRAY(struct list, items, count),
	ALLOT_FIELDS_END,
};

const struct allot_type list_type = {
	.name = "list",
	.size = sizeof(struct list),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = list_traverse,
	.clear = list_clear,
	.dealloc = count_death,
	.size_of = list_size,
	.fields = list_fields,
};

struct list *list_new(void)
{
	struct list *list = allot_new(heap, &list_type);

	require(list);
	return list;
}

void list_append(struct list *list, void *item)
{
	list->items = realloc(list->items, (list->count + 1) * sizeof(void *));
	require(list->items);
	list->items[list->count++] = allot_ref(item);
}

static const struct allot_field tuple_fields[] = {
	ALLOT_ITEMS(struct tuple, items),
	ALLOT_FIELDS_END,
};

const struct allot_type tuple_type = {
	.name = "tuple",
	.size = sizeof(struct tuple),
	.item_size = sizeof(void *),
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.dealloc = count_death,
	.fields = tuple_fields,
};

struct tuple *tuple_new(size_t count)
{
	struct tuple *tuple = allot_new_items(heap, &tuple_type, count);

	require(tuple);
	return tuple;
}

const struct allot_type leaf_type = {
	.name = "leaf",
	.size = sizeof(struct leaf),
	.dealloc = count_death,
};

/* ---- Processes that abort ---- */

const char *sample_fault(void (*function)(void))
{
	static char text[8192];
	size_t length = 0;
	int ends[2], status;
	ssize_t got;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		signal(SIGABRT, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		function();
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	close(ends[0]);
	text[length] = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? text : NULL;
}
