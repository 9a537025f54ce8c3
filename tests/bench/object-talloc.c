/* SPDX-License-Identifier: MIT */
/* The benchmark of objects: talloc, whose references are objects themselves. It has no collector. */
#include <talloc.h>

#include "object.h"

static void *context, *holder, *objects[1000];

static void set_up(void)
{
	context = talloc_new(NULL);
	holder = talloc_new(NULL);
	for (int i = 0; i < 1000; i++)
		objects[i] = talloc_zero_size(context, OBJECT_SIZE);
}

static void new_and_free(size_t times)
{
	for (size_t i = 0; i < times; i++)
		talloc_free(talloc_zero_size(context, OBJECT_SIZE));
}

static void ref_and_unref(size_t times)
{
	for (size_t i = 0, j = 0; i < times; i++, j = j == 999 ? 0 : j + 1) {
		if (!talloc_reference(holder, objects[j]))
			return;
		talloc_unlink(holder, objects[j]);
	}
}

const struct object_library object_talloc = {
	.name = "talloc",
	.set_up = set_up,
	.new_and_free = new_and_free,
	.ref_and_unref = ref_and_unref,
};
