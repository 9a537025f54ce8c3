/* SPDX-License-Identifier: MIT */
/* Which children this process has. */
#include "children.h"

#include <stdio.h>
#include <string.h>

void allotp_children_read(struct allot_children *children)
{
	/* Those that others have left behind come to the first thread; we have no other. */
	FILE *file = fopen("/proc/thread-self/children", "re");
	const size_t room = sizeof(children->list) / sizeof(children->list[0]);

	children->count = 0;
	while (file && children->count < room && fscanf(file, "%d", &children->list[children->count]) == 1)
		children->count++;
	if (file)
		fclose(file);
}

void allotp_children_without(struct allot_children *children, const struct allot_children *others)
{
	size_t kept = 0;

	for (size_t i = 0; i < children->count; i++) {
		size_t j = 0;

		while (j < others->count && others->list[j] != children->list[i])
			j++;
		if (j == others->count)
			children->list[kept++] = children->list[i];
	}
	children->count = kept;
}

void allotp_children_name(pid_t pid, char *name, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	snprintf(name, size, "?");
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, (int)size, file))
		name[strcspn(name, "\n")] = 0;
	fclose(file);
}
