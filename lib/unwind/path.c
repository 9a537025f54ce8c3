/* SPDX-License-Identifier: MIT */
/* Decides which paths are worth keeping, and which make room for others. */
#include "unwind/path.h"

#include <stddef.h>

struct allotp_path *allotp_path_place(struct allotp_paths *paths, uint64_t ip, uint64_t sp)
{
	uint64_t tag = allotp_path_tag(ip, sp);
	uint32_t set = allotp_path_set(tag);
	uint64_t *tags = paths->tags[set];
	struct allotp_path *ways = paths->paths[set];
	bool seen = false;
	unsigned way;

	for (way = 0; way < ALLOTP_PATH_WAYS; way++) {
		if (tags[way] != tag)
			continue;
		seen = true;
		if (ways[way].inner.ip == 0)
			return &ways[way];
	}
	/* Seen, and there is another path from this start: both are kept, if the other goes on being in use. */
	way = paths->next[set];
	paths->next[set] = (uint8_t)((way + 1) % ALLOTP_PATH_WAYS);
	tags[way] = tag;
	ways[way].inner.ip = 0;
	return seen ? &ways[way] : NULL;
}
