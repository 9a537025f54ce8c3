/* SPDX-License-Identifier: MIT */
/* The stores of one `allot run`. */
#include "tracees.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Containers often have a /dev/shm of 64 MiB, too little for the stores of many children. */
static bool has_room(const char *directory)
{
	struct statvfs room;

	return !statvfs(directory, &room) && room.f_bavail * room.f_frsize >= UINT64_C(1) << 30;
}

int allotp_tracees_init(struct allot_tracees *tracees, struct allot_error *error)
{
	const char *candidates[] = { "/dev/shm", getenv("TMPDIR"), "/tmp" };

	memset(tracees, 0, sizeof(*tracees));
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (!candidates[i] || !*candidates[i])
			continue;
		if (i == 0 && !has_room(candidates[i]))
			continue;
		if ((size_t)snprintf(tracees->directory, sizeof(tracees->directory), "%s/allot-XXXXXX", candidates[i]) <
			    sizeof(tracees->directory) &&
		    mkdtemp(tracees->directory))
			return 0;
	}
	tracees->directory[0] = 0;
	return allotp_error(error, -errno, "cannot make a temporary directory: %s", strerror(errno));
}

static bool is_store(const char *name)
{
	size_t size = strlen(name);

	return size > 6 && !strcmp(name + size - 6, ".store");
}

static void path_of(const struct allot_tracees *tracees, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", tracees->directory, name);
}

void allotp_tracees_free(struct allot_tracees *tracees)
{
	DIR *directory = *tracees->directory ? opendir(tracees->directory) : NULL;
	struct dirent *entry;
	char path[640];

	while (directory && (entry = readdir(directory))) {
		path_of(tracees, entry->d_name, path, sizeof(path));
		if (is_store(entry->d_name))
			unlink(path);
	}
	if (directory)
		closedir(directory);
	if (*tracees->directory)
		rmdir(tracees->directory);
	for (size_t i = 0; i < tracees->count; i++) {
		if (!tracees->list[i].over)
			allotp_reader_close(&tracees->list[i].reader);
		free(tracees->list[i].file);
	}
	free(tracees->list);
	memset(tracees, 0, sizeof(*tracees));
}

static struct allot_tracee *add(struct allot_tracees *tracees)
{
	struct allot_tracee *list = realloc(tracees->list, (tracees->count + 1) * sizeof(*list));

	if (!list)
		return NULL;
	tracees->list = list;
	memset(&list[tracees->count], 0, sizeof(*list));
	return &list[tracees->count];
}

int allotp_tracees_make_first(struct allot_tracees *tracees, struct allot_error *error)
{
	uint64_t size = allotp_store_affordable_size(true);
	struct allot_tracee *tracee = add(tracees);
	char name[64];
	int fd;

	if (!tracee)
		return allotp_error(error, -ENOMEM, "out of memory");
	if (!size)
		return allotp_error(error, -ENOMEM,
				    "the limit on address space or file size (ulimit -v, -f) leaves no room to record");
	/* `allot snapshot` finds the way here by this name. */
	snprintf(name, sizeof(name), "allot-run-%d", getpid());
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size)) {
		int code = errno;

		if (fd >= 0)
			close(fd);
		return allotp_error(error, -code, "cannot make the store: %s", strerror(code));
	}
	tracee->reader.fd = fd;
	tracees->count++;
	return fd;
}

/* The first program's store can be opened once the library has laid it out. */
static bool opened(struct allot_tracee *tracee)
{
	struct allot_error error;
	int fd;

	if (tracee->reader.store.base)
		return true;
	fd = dup(tracee->reader.fd);
	if (fd >= 0) {
		int keep = tracee->reader.fd;

		if (!allotp_reader_open(&tracee->reader, fd, "store", &error))
			close(keep);
	}
	return tracee->reader.store.base != NULL;
}

static bool is_open(const struct allot_tracees *tracees, uint64_t inode)
{
	for (size_t i = 0; i < tracees->count; i++) {
		if (!tracees->list[i].over && tracees->list[i].reader.store.base &&
		    tracees->list[i].reader.inode == inode)
			return true;
	}
	return false;
}

static void take(struct allot_tracees *tracees, const char *name)
{
	struct allot_tracee *tracee = add(tracees);
	struct allot_error error;
	char path[640];

	path_of(tracees, name, path, sizeof(path));
	if (!tracee || allotp_reader_open_path(&tracee->reader, path, &error))
		return;
	/* One that is being made at this moment is taken next time. */
	if (allotp_reader_ready(&tracee->reader) && (tracee->file = strdup(name)))
		tracees->count++;
	else
		allotp_reader_close(&tracee->reader);
}

static void scan(struct allot_tracees *tracees)
{
	DIR *directory = opendir(tracees->directory);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (is_store(entry->d_name) && !is_open(tracees, entry->d_ino))
			take(tracees, entry->d_name);
	}
	if (directory)
		closedir(directory);
}

uint64_t allotp_tracees_poll(struct allot_tracees *tracees, bool look_for_new)
{
	uint64_t applied = 0;

	if (look_for_new)
		scan(tracees);
	for (size_t i = 0; i < tracees->count; i++) {
		struct allot_tracee *tracee = &tracees->list[i];

		if (tracee->over || !opened(tracee) || !allotp_reader_ready(&tracee->reader))
			continue;
		if (!tracee->announced) {
			allotp_reader_announce(&tracee->reader);
			tracee->announced = true;
			tracee->pid = tracee->reader.store.header->pid;
			tracee->started = tracee->reader.store.header->start_monotonic_ns;
		}
		applied += allotp_reader_poll(&tracee->reader);
	}
	return applied;
}

struct allot_tracee *allotp_tracees_last_of(struct allot_tracees *tracees, uint32_t pid)
{
	struct allot_tracee *last = NULL;

	for (size_t i = 0; i < tracees->count; i++) {
		struct allot_tracee *tracee = &tracees->list[i];

		if (tracee->announced && tracee->pid == pid && (!last || tracee->started > last->started))
			last = tracee;
	}
	return last;
}

bool allotp_tracees_is_last(struct allot_tracees *tracees, struct allot_tracee *tracee)
{
	if (allotp_tracees_last_of(tracees, tracee->pid) != tracee)
		return false;
	for (size_t i = 0; i < tracees->count; i++) {
		if (tracees->list[i].pid == tracee->pid && tracees->list[i].last)
			return false;
	}
	return tracee->last = true;
}

unsigned int allotp_tracees_before(const struct allot_tracees *tracees, const struct allot_tracee *tracee)
{
	unsigned int before = 0;

	for (size_t i = 0; i < tracees->count; i++) {
		const struct allot_tracee *other = &tracees->list[i];

		before += other->announced && other->pid == tracee->pid && other->started < tracee->started;
	}
	return before;
}

struct allot_tracee *allotp_tracees_next_ended(struct allot_tracees *tracees, const struct allot_tracee *but)
{
	for (size_t i = 0; i < tracees->count; i++) {
		struct allot_tracee *tracee = &tracees->list[i];

		if (tracee != but && tracee->announced && !tracee->over &&
		    !allotp_reader_seems_running(&tracee->reader) && !allotp_reader_is_running(&tracee->reader))
			return tracee;
	}
	return NULL;
}

void allotp_tracees_let_go(struct allot_tracees *tracees, struct allot_tracee *tracee)
{
	char path[640];

	if (tracee->file) {
		path_of(tracees, tracee->file, path, sizeof(path));
		unlink(path);
	}
	allotp_reader_close(&tracee->reader);
	tracee->over = true;
}
