/* SPDX-License-Identifier: MIT */
/*
 * What lies at an address of this process, as /proc/self/maps has it. Takes some microseconds and three system calls or
 * more; allocates nothing, locks nothing, leaves errno alone, may be called in a signal handler.
 */
#ifndef ALLOT_COMMON_MAPPING_H
#define ALLOT_COMMON_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allot_mapping {
	uint64_t start, end;
	bool executable;
	size_t path_size; /* 0: it has none */
};

/*
 * Finds the mapping that holds the address, and its path: up to `size` bytes of it, without a NUL. Returns 0, -ENOENT if
 * there is none, or another negative errno if /proc cannot be read.
 */
int allotp_mapping_find(uint64_t address, struct allot_mapping *out, char *path, size_t size);

#endif
