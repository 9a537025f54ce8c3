/* SPDX-License-Identifier: MIT */
/* The loaded files by the loader's own tables, which _dl_find_object reads without a lock. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "unwind/loaded.h"

int allotp_loaded_find(uint64_t address, struct allotp_loaded *out)
{
	const struct link_map *map;
	struct dl_find_object found;

	if (_dl_find_object((void *)(uintptr_t)address, &found) != 0)
		return -ENOENT;
	map = found.dlfo_link_map;
	*out = (struct allotp_loaded){
		.start = (uintptr_t)found.dlfo_map_start,
		.end = (uintptr_t)found.dlfo_map_end,
		.eh_frame_hdr = (uintptr_t)found.dlfo_eh_frame,
		.bias = map->l_addr,
		/* Two loads of different files at one address differ in this; so do two files in one link_map's memory. */
		.identity = (uintptr_t)map * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)map->l_ld,
		.name = map->l_name ? map->l_name : "",
	};
	if (!out->name[0])
		allotp_loaded_program(map->l_addr, &out->start, &out->end);
	return 0;
}

/* The loader's tables are never out of date. */
void allotp_loaded_check(void)
{
}
