/* SPDX-License-Identifier: MIT */
/*
 * Objects in all kinds of blocks, and what is told of one that is used wrongly. The word says what: `live` leaves one of 100
 * bytes, in a pool, and two that are too large for one; others let an object die, large if there is a second word, and use it.
 */
#include <allot/gc.h>
#include <allot/object.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
	struct allot_var_object object;
	char bytes[];
};

static void give_up_too_much(void *object)
{
	allot_unref(object);
	allot_unref(object);
}

static const struct allot_type item_type = { .name = "item", .size = sizeof(struct item), .item_size = 1 };
static const struct allot_type greedy_type = {
	.name = "greedy",
	.size = sizeof(struct item),
	.item_size = 1,
	.finalize = give_up_too_much,
};

/* A container, with a place for weak references: its headers are before it. */
static const struct allot_field no_fields[] = { ALLOT_FIELDS_END };
static const struct allot_type box_type = {
	.name = "box",
	.size = sizeof(struct item),
	.item_size = 1,
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.fields = no_fields,
};

static __attribute__((noinline)) void *make(struct allot_heap *heap, const struct allot_type *type, size_t size)
{
	void *object = allot_new_items(heap, type, size - type->size); /* the line of an object */

	if (!object)
		abort();
	return object;
}

int main(int count, char **words)
{
	const char *what = count > 1 ? words[1] : "";
	struct allot_heap *heap;
	void *object, *kept[3];

	if (allot_heap_create(0, &heap))
		return 1;
	object = make(heap, strcmp(what, "greedy") == 0 ? &greedy_type : &item_type, count > 2 ? 1001 : 100);
	if (!strcmp(what, "live")) {
		kept[0] = make(heap, &item_type, 1001);
		kept[1] = make(heap, &box_type, 1001);
		kept[2] = make(heap, &item_type, 200001);
		allot_unref(kept[0]);
		printf("%d %d %d\n", allot_refcount(object), allot_refcount(kept[1]), allot_refcount(kept[2]));
		return 0;
	}
	allot_unref(object);
	if (!strcmp(what, "unref"))
		allot_unref(object);
	else if (!strcmp(what, "ref"))
		allot_ref(object);
	return 0;
}
