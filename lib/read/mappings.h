/* SPDX-License-Identifier: MIT */
/* What /proc says about the mappings of processes, and whose stores they are. */
#ifndef ALLOT_READ_MAPPINGS_H
#define ALLOT_READ_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the process has the store of that inode mapped: 1 or 0; -EACCES: its mappings are not ours to see. */
int allotp_mappings_have(uint32_t pid, uint64_t inode);

/*
 * Opens the store that the process has mapped, for reading and writing: by its path, or, if it is the memfd of an `allot run`,
 * by way of that. Returns the descriptor; -ESRCH: no such process, -EACCES: not ours to look into, -ENODATA: it
 * has no store mapped, -ENXIO: it has, but it cannot be reached.
 */
int allotp_mappings_open_store(int pid);

#endif
