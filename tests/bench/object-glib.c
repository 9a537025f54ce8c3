/* SPDX-License-Identifier: MIT */
/* The benchmark of objects: GLib. GRcBox where one thread counts, GObject where many do. It has no collector. */
#include <glib-object.h>

#include "object.h"

static gpointer boxes[1000];
static GObject *objects[1000];

static void set_up(void)
{
	for (int i = 0; i < 1000; i++) {
		boxes[i] = g_rc_box_alloc(OBJECT_SIZE - 16);
		objects[i] = g_object_new(G_TYPE_OBJECT, NULL);
	}
}

static void new_and_free(size_t times)
{
	for (size_t i = 0; i < times; i++)
		g_rc_box_release(g_rc_box_alloc0(OBJECT_SIZE - 16));
}

static void ref_and_unref(size_t times)
{
	for (size_t i = 0, j = 0; i < times; i++, j = j == 999 ? 0 : j + 1) {
		(g_rc_box_acquire)(boxes[j]);
		g_rc_box_release(boxes[j]);
	}
}

static void ref_and_unref_shared(size_t times)
{
	for (size_t i = 0, j = 0; i < times; i++, j = j == 999 ? 0 : j + 1) {
		(g_object_ref)(objects[j]);
		g_object_unref(objects[j]);
	}
}

const struct object_library object_glib = {
	.name = "GLib",
	.set_up = set_up,
	.new_and_free = new_and_free,
	.ref_and_unref = ref_and_unref,
	.ref_and_unref_shared = ref_and_unref_shared,
};
