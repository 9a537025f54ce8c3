/* SPDX-License-Identifier: MIT */
/*
 * What lies where in this process, as /proc/self/maps has it. Takes some microseconds and three system calls or
 * more; allocates nothing, locks nothing, leaves errno alone, may be called in a signal handler.
 */
#ifndef ALLOT_COMMON_MAPPING_H
#define ALLOT_COMMON_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allot_mapping {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	uint64_t file;   /* a hash of the file's device and inode */
	bool executable;
	size_t path_size; /* 0: it is of no file */
};

/* Returns true for the last one that it wants to see. */
typedef bool allot_mapping_visitor(const struct allot_mapping *mapping, void *data);

/*
 * Visits all mappings in the order of their addresses, the lowest first. Before each call, `path` gets up to `size` bytes of
 * its file's path, without a NUL. Returns 1 if the visitor ended it, 0 if it did not, or a negative errno if /proc cannot be read.
 */
int allotp_mapping_each(allot_mapping_visitor *visit, void *data, char *path, size_t size);

/* Finds the mapping that holds the address, and its path. Returns 0, or -ENOENT if there is none, or an errno as above. */
int allotp_mapping_find(uint64_t address, struct allot_mapping *out, char *path, size_t size);

/* From now on nothing is read, -EPERM returned instead: a seccomp filter may forbid it. */
void allotp_mapping_hush(void);

#endif
