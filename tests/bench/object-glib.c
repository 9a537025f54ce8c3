/* SPDX-License-Identifier: MIT */
/* The benchmark of objects: GLib's boxes, counted for one thread or for many, and GObject, for many. It has no collector. */
#include <glib-object.h>

#include "object.h"

/* Behind the box's own count and size. */
#define CONTENTS (OBJECT_SIZE - 16)

static gpointer boxes[1000], shared_boxes[1000];
static GObject *objects[1000];
static GType thing_type;

static void box_set_up(void)
{
	for (int i = 0; i < 1000; i++) {
		boxes[i] = g_rc_box_alloc(CONTENTS);
		shared_boxes[i] = g_atomic_rc_box_alloc(CONTENTS);
	}
}

static void box_new_and_free(size_t times)
{
	for (size_t i = 0; i < times; i++)
		g_rc_box_release(g_rc_box_alloc0(CONTENTS));
}

static void box_ref_and_unref(size_t times)
{
	for (size_t i = 0, j = 0; i < times; i++, j = j == 999 ? 0 : j + 1) {
		(g_rc_box_acquire)(boxes[j]);
		g_rc_box_release(boxes[j]);
	}
}

static void box_ref_and_unref_shared(size_t times)
{
	for (size_t i = 0, j = 0; i < times; i++, j = j == 999 ? 0 : j + 1) {
		(g_atomic_rc_box_acquire)(shared_boxes[j]);
		g_atomic_rc_box_release(shared_boxes[j]);
	}
}

const struct object_library object_rc_box = {
	.name = "GRcBox",
	.set_up = box_set_up,
	.new_and_free = box_new_and_free,
	.ref_and_unref = box_ref_and_unref,
	.ref_and_unref_shared = box_ref_and_unref_shared,
};

static void object_set_up(void)
{
	thing_type =
		g_type_register_static_simple(G_TYPE_OBJECT, "Thing", sizeof(GObjectClass), NULL, OBJECT_SIZE, NULL, 0);
	for (int i = 0; i < 1000; i++)
		objects[i] = g_object_new(thing_type, NULL);
}

static void object_new_and_free(size_t times)
{
	for (size_t i = 0; i < times; i++)
		g_object_unref(g_object_new(thing_type, NULL));
}

static void object_ref_and_unref(size_t times)
{
	for (size_t i = 0, j = 0; i < times; i++, j = j == 999 ? 0 : j + 1) {
		(g_object_ref)(objects[j]);
		g_object_unref(objects[j]);
	}
}

const struct object_library object_gobject = {
	.name = "GObject",
	.set_up = object_set_up,
	.new_and_free = object_new_and_free,
	.ref_and_unref_shared = object_ref_and_unref,
};
