/* SPDX-License-Identifier: MIT */
/* The objects that a store has, to the snapshot's table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/freeze-sites.h"
#include "snapshot/snapshot.h"
#include "store/layout.h"

/* The store's names on their way into the table. */
struct names {
	uint32_t *of_number; /* by the store's number: index in the table; 0: not there yet */
	uint64_t numbers;
};

static int add_name(struct allot_object_table *table, char *text)
{
	char **names = text ? realloc(table->names, ((size_t)table->name_count + 1) * sizeof(*names)) : NULL;

	if (!names) {
		free(text);
		return -ENOMEM;
	}
	table->names = names;
	names[table->name_count++] = text;
	return 0;
}

/* The index of a name of the store; 0, which is "", for one that is not there. Negative: -ENOMEM. */
static int64_t index_of(struct allot_view *view, struct names *names, struct allot_object_table *table, uint32_t number)
{
	int result;

	if (!number)
		return 0;
	if (number >= names->numbers) {
		view->corrupt++;
		return 0;
	}
	if (!names->of_number[number]) {
		result = add_name(table, allotp_freeze_name(view, number));
		if (result)
			return result;
		names->of_number[number] = table->name_count - 1;
	}
	return names->of_number[number];
}

static int freeze_table(struct allot_view *view, const struct allot_freeze_places *places, struct names *names,
			struct allot_object_table *table, uint64_t count)
{
	table->objects = calloc(count + 1, sizeof(*table->objects));
	if (!table->objects)
		return -ENOMEM;
	for (uint64_t i = 0; i < count; i++) {
		struct allot_store_object object;
		uint32_t site = 0;
		int64_t type;

		allotp_view_fetch(view, ALLOT_REGION_OBJECTS, i, &object, sizeof(object));
		if (object.site < places->numbers)
			site = places->of_number[object.site];
		type = index_of(view, names, table, object.type);
		if (type < 0)
			return (int)type;
		table->objects[table->object_count++] = (struct allot_table_object){
			.address = object.address,
			.size = object.size,
			.type = (uint32_t)type,
			.refs = object.refs > 0 ? (uint32_t)object.refs : 0,
			.site = site,
			.heap = object.heap,
			.flags = object.flags,
		};
	}
	return 0;
}

static int freeze_references(struct allot_view *view, struct names *names, struct allot_object_table *table,
			     uint64_t count)
{
	uint32_t last = 0;

	table->references = calloc(count + 1, sizeof(*table->references));
	if (!table->references)
		return -ENOMEM;
	for (uint64_t i = 0; i < count; i++) {
		struct allot_store_reference reference;
		int64_t field;

		allotp_view_fetch(view, ALLOT_REGION_REFERENCES, i, &reference, sizeof(reference));
		if (reference.from >= table->object_count || reference.to >= table->object_count ||
		    reference.from < last) {
			view->corrupt++;
			continue;
		}
		last = reference.from;
		field = index_of(view, names, table, reference.field);
		if (field < 0)
			return (int)field;
		table->references[table->reference_count++] = (struct allot_table_reference){
			reference.from,
			reference.to,
			(uint32_t)field,
			reference.item,
		};
	}
	return 0;
}

static int freeze_all(struct allot_view *view, const struct allot_freeze_places *places,
		      struct allot_object_table *table)
{
	const struct allot_object_look *look = &view->header->objects;
	uint64_t objects =
		allotp_view_count(view, ALLOT_REGION_OBJECTS, look->object_count, sizeof(struct allot_store_object));
	uint64_t references = allotp_view_count(view, ALLOT_REGION_REFERENCES, look->reference_count,
						sizeof(struct allot_store_reference));
	struct names names = { .numbers = allotp_view_filled(view, ALLOT_REGION_NAMES, view->header->name_count + 1,
							     sizeof(struct allot_store_name)) };
	int result;

	/* Nobody counts as many in regions of that size. */
	if (objects >= UINT32_MAX || references >= UINT32_MAX)
		return -EFBIG;
	names.of_number = calloc(names.numbers + 1, sizeof(*names.of_number));
	result = names.of_number ? add_name(table, strdup("")) : -ENOMEM;
	if (!result)
		result = freeze_table(view, places, &names, table, objects);
	if (!result)
		result = freeze_references(view, &names, table, references);
	free(names.of_number);
	return result;
}

int allotp_freeze_objects(struct allot_view *view, const struct allot_freeze_places *places,
			  struct allot_snapshot *snapshot)
{
	const struct allot_object_look *look = &view->header->objects;
	struct allot_object_table *table = &snapshot->objects;

	table->announced = look->announced || look->state == ALLOT_LOOK_DONE;
	if (!table->announced)
		return 0;
	if (look->state == ALLOT_LOOK_FAILED)
		table->error = look->error ? look->error : EIO;
	/* The process ended meanwhile. */
	if (look->state == ALLOT_LOOK_RUNNING)
		table->error = EINTR;
	if (look->state != ALLOT_LOOK_DONE)
		return 0;
	table->taken = true;
	table->partial = look->partial;
	return freeze_all(view, places, table);
}
