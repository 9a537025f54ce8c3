/* SPDX-License-Identifier: MIT */
/* Which children this process has. */
#ifndef ALLOT_CLI_CHILDREN_H
#define ALLOT_CLI_CHILDREN_H

#include <stddef.h>
#include <sys/types.h>

struct allot_children {
	pid_t list[64]; /* of more the others are left out: they come when these have gone */
	size_t count;
};

/* Those that have not been waited for. None on kernels that do not list them (CONFIG_PROC_CHILDREN). */
void allotp_children_read(struct allot_children *children);

/* Takes the others out. */
void allotp_children_without(struct allot_children *children, const struct allot_children *others);

/* The name of the program that a process runs, by what the kernel says, of 15 bytes at the most; "?" if it is gone. */
void allotp_children_name(pid_t pid, char *name, size_t size);

#endif
