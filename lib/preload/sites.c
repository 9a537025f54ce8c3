/* SPDX-License-Identifier: MIT */
/* Call sites in words. */
#include "preload/sites.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "preload/state.h"
#include "snapshot/snapshot.h"
#include "store/scope.h"

/* So many frames of the program's own say enough. */
enum { SHOWN = 4 };

void allotp_sites_copy(uint32_t node, struct allot_site_stack *stack)
{
	const struct allot_store *store = &allotp_state.store;

	stack->count = 0;
	for (node = allotp_scope_stack(store, node); node >= ALLOT_NODE_FIRST && stack->count < ALLOT_SITE_FRAMES;) {
		const struct allot_store_node *frame = allotp_node(store, node);

		stack->frames[stack->count++] = frame->address;
		node = frame->parent < node ? frame->parent : ALLOT_NODE_NONE;
	}
}

struct place {
	const char *function; /* NULL: not known */
	const char *path;     /* of the module; NULL: none */
	uint64_t offset;      /* of the call in the module's file, as addr2line wants it */
};

static struct place find_place(uint64_t address)
{
	struct place place = { .offset = address - 1 };
	const struct link_map *map = NULL;
	Dl_info info;

	/* The call is before the return address. */
	if (!dladdr1((void *)(uintptr_t)(address - 1), &info, (void **)&map, RTLD_DL_LINKMAP))
		return place;
	place.function = info.dli_sname;
	place.path = info.dli_fname;
	if (map)
		place.offset -= map->l_addr;
	return place;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What allocates for others, and is not to blame. */
static bool is_system(const struct place *place)
{
	static const char *const names[] = { "libc.so", "libstdc++.so", "libc++", "ld-linux", "libgcc_s.so" };

	for (size_t i = 0; place->path && i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strncmp(base_name(place->path), names[i], strlen(names[i])))
			return true;
	}
	return false;
}

static void add_place(struct allot_text *text, const struct place *place)
{
	if (place->function) {
		allotp_text_add(text, place->function);
		allotp_text_add(text, " (");
	}
	allotp_text_add(text, place->path ? base_name(place->path) : "?");
	allotp_text_add(text, "+");
	allotp_text_address(text, place->offset);
	if (place->function)
		allotp_text_add(text, ")");
}

const char *allotp_sites_describe(struct allot_text *text, const struct allot_site_stack *stack)
{
	const char *path = NULL;
	uint32_t shown = 0;

	for (uint32_t i = 0; i < stack->count && shown < SHOWN; i++) {
		struct place place = find_place(stack->frames[i]);
		bool system = is_system(&place);

		/* Beyond the program's own frames there is only what has called them; before, what they have called. */
		if (system && path)
			break;
		if (system && !place.function)
			continue;
		if (shown++)
			allotp_text_add(text, " < ");
		if (system && place.function)
			allotp_text_add(text, place.function);
		else
			add_place(text, &place);
		if (!system && !path)
			path = place.path;
	}
	if (!shown)
		allotp_text_add(text, "an unknown place");
	return path;
}
