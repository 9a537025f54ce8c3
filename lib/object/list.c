/* SPDX-License-Identifier: MIT */
/* Lists of references. */
#include <stdlib.h>

#include "object/heap.h"

int allotp_list_add(struct allot_list *list, size_t *room, void *object)
{
	if (list->count == *room) {
		size_t more = *room ? *room * 2 : 16;
		void **objects = realloc(list->objects, more * sizeof(*objects));

		if (!objects)
			return -ENOMEM;
		list->objects = objects;
		*room = more;
	}
	list->objects[list->count++] = object;
	return 0;
}

void allot_list_release(struct allot_list *list)
{
	struct allot_list taken = *list;

	*list = (struct allot_list){ 0 };
	for (size_t i = 0; i < taken.count; i++)
		allot_unref(taken.objects[i]);
	free(taken.objects);
}
