/* SPDX-License-Identifier: MIT */
/* The work of types that list all their references. */
#include "object/heap.h"

int allot_traverse_fields(void *object, allot_visit *visit, void *data)
{
	return allotp_visit_children(object, visit, data);
}

void allot_clear_fields(void *object)
{
	const struct allot_field *field = ((struct allot_object *)object)->type->fields;

	if (!field)
		return;
	/* Much can die with the first reference before the others are looked at. */
	for (const struct allot_field *each = field; each->name; each++)
		if (each->kind == ALLOT_FIELD_ONE)
			__builtin_prefetch(*(void **)((char *)object + each->offset), 1);
	for (; field->name; field++) {
		size_t count;
		void **places = allotp_field_places(object, field, &count);

		for (size_t i = 0; i < count; i++)
			if (places[i])
				ALLOT_CLEAR(places[i]);
	}
}
