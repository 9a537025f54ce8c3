/* SPDX-License-Identifier: MIT */
/* Debug information that is read before anybody asks for it. */
#include "symbol/ahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "symbol/debug-file.h"

int allotp_ahead_init(struct allot_ahead *ahead)
{
	*ahead = (struct allot_ahead){ .context = calloc(1, sizeof(*ahead->context)) };
	return ahead->context ? 0 : -ENOMEM;
}

void allotp_ahead_release(struct allot_ahead *ahead)
{
	for (size_t i = 0; i < ahead->count; i++) {
		allotp_object_close(ahead->objects[i].object);
		free(ahead->objects[i].module.path);
	}
	free(ahead->objects);
	allotp_object_context_free(ahead->context);
	*ahead = (struct allot_ahead){ 0 };
}

static struct allot_ahead_object *find(const struct allot_ahead *ahead, const struct allot_module *module)
{
	for (size_t i = 0; i < ahead->count; i++) {
		const struct allot_module *known = &ahead->objects[i].module;

		if (known->build_id_size == module->build_id_size &&
		    !memcmp(known->build_id, module->build_id, sizeof(known->build_id)) &&
		    !strcmp(known->path, module->path))
			return &ahead->objects[i];
	}
	return NULL;
}

/* To read a larger file takes so long that who reads it keeps others waiting. */
#define BYTES_MOST (64 << 20)

static bool is_small(const char *path)
{
	struct stat status;

	return !stat(path, &status) && status.st_size <= BYTES_MOST;
}

/* Whether the names of the module are on this machine, and soon read. */
static bool is_near(const struct allot_ahead *ahead, const struct allot_module *module)
{
	const char *debug_path = ahead->context->debug_path ? ahead->context->debug_path : ALLOT_DEBUG_PATH;
	char *path = NULL;
	bool near;

	if (module->build_id_size <= sizeof(module->build_id))
		path = allotp_debug_file_by_build_id(debug_path, module->build_id, module->build_id_size);
	near = path ? is_small(path) : is_small(module->path) && !allotp_debug_servers();
	free(path);
	return near;
}

void allotp_ahead_read(struct allot_ahead *ahead, const struct allot_module *module)
{
	struct allot_ahead_object *objects, *added;

	if (find(ahead, module))
		return;
	objects = realloc(ahead->objects, (ahead->count + 1) * sizeof(*objects));
	if (!objects)
		return;
	ahead->objects = objects;
	added = &objects[ahead->count];
	*added = (struct allot_ahead_object){ .module = *module };
	added->module.path = strdup(module->path);
	if (!added->module.path)
		return;
	ahead->count++;
	if (is_near(ahead, module) && allotp_object_open(ahead->context, module, &added->object))
		added->object = NULL;
}

struct allot_object *allotp_ahead_take(struct allot_ahead *ahead, const struct allot_module *module)
{
	struct allot_ahead_object *known = find(ahead, module);
	struct allot_object *object = known ? known->object : NULL;

	if (known)
		known->object = NULL;
	return object;
}
