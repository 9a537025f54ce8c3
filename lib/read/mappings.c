/* SPDX-License-Identifier: MIT */
/* What /proc says about the mappings of processes. */
#include "read/mappings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One line of /proc/PID/maps. The device in it is not always what stat says (overlays): inode and name must do. */
struct mapping {
	uint64_t start, end;
	uint64_t inode;
	char path[4096];
};

static bool next_mapping(FILE *maps, struct mapping *mapping)
{
	unsigned long start, end, inode;
	char line[4608];
	int at = 0;

	if (!fgets(line, sizeof(line), maps))
		return false;
	mapping->inode = 0;
	mapping->path[0] = 0;
	if (sscanf(line, "%lx-%lx %*s %*x %*x:%*x %lu %n", &start, &end, &inode, &at) < 3 || !at)
		return true;
	mapping->start = start;
	mapping->end = end;
	mapping->inode = inode;
	line[strcspn(line, "\n")] = 0;
	snprintf(mapping->path, sizeof(mapping->path), "%.4095s", line + at);
	return true;
}

static FILE *open_maps(uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	return fopen(path, "re");
}

int allotp_mappings_have(uint32_t pid, uint64_t inode)
{
	FILE *maps = open_maps(pid);
	struct mapping mapping;
	bool found = false;

	if (!maps)
		return errno == EACCES || errno == EPERM ? -EACCES : 0;
	while (!found && next_mapping(maps, &mapping))
		found = mapping.inode == inode && strstr(mapping.path, "allot");
	fclose(maps);
	return found;
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), length = strlen(end);

	return size >= length && !strcmp(text + size - length, end);
}

/* The pid of the `allot run` that made the memfd, from the memfd's name; 0: it is none. */
static int memfd_owner(const char *path)
{
	static const char start[] = "/memfd:allot-run-";

	return strncmp(path, start, sizeof(start) - 1) ? 0 : atoi(path + sizeof(start) - 1);
}

static bool is_store_name(const char *descriptor)
{
	char target[64];
	ssize_t size = readlink(descriptor, target, sizeof(target) - 1);

	target[size > 0 ? size : 0] = 0;
	return memfd_owner(target) != 0;
}

/* The descriptor of `owner` that is this file, opened anew. */
static int open_via(int owner, const struct mapping *mapping)
{
	char path[320];
	struct dirent *entry;
	int result = -ENXIO;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", owner);
	directory = opendir(path);
	if (!directory)
		return -ENXIO;
	while (result < 0 && (entry = readdir(directory))) {
		struct stat status;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", owner, entry->d_name);
		if (!stat(path, &status) && status.st_ino == mapping->inode && is_store_name(path))
			result = open(path, O_RDWR | O_CLOEXEC);
	}
	closedir(directory);
	return result < 0 ? -ENXIO : result;
}

/* The file itself and no other that has its name by now. */
static int open_inode(const char *path, int flags, uint64_t inode)
{
	struct stat status;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | flags);

	if (fd >= 0 && !fstat(fd, &status) && status.st_ino == inode)
		return fd;
	if (fd >= 0)
		close(fd);
	return -ENXIO;
}

/* By its path, here or in the process's own file system, or by the mapping itself, which takes privileges. */
static int open_mapped(int pid, const struct mapping *mapping)
{
	char path[4096 + 64];
	int result = open_inode(mapping->path, O_NOFOLLOW, mapping->inode);

	if (result < 0) {
		snprintf(path, sizeof(path), "/proc/%d/root%s", pid, mapping->path);
		result = open_inode(path, O_NOFOLLOW, mapping->inode);
	}
	if (result < 0) {
		snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid, (unsigned long)mapping->start,
			 (unsigned long)mapping->end);
		result = open_inode(path, 0, mapping->inode);
	}
	return result;
}

static bool is_store_file(const char *path)
{
	return strstr(path, "/allot.") && (ends_with(path, ".store") || ends_with(path, ".store (deleted)"));
}

int allotp_mappings_open_store(int pid)
{
	FILE *maps = open_maps((uint32_t)pid);
	struct mapping mapping;
	int result = -ENODATA;

	if (!maps)
		return errno == ENOENT ? -ESRCH : -EACCES;
	while (result == -ENODATA && next_mapping(maps, &mapping)) {
		int owner = memfd_owner(mapping.path);

		if (owner)
			result = open_via(owner, &mapping);
		if (result == -ENXIO || is_store_file(mapping.path))
			result = open_mapped(pid, &mapping);
	}
	/* Another user's process gives an empty list. */
	if (result == -ENODATA && ferror(maps))
		result = -EACCES;
	fclose(maps);
	return result;
}
