/* SPDX-License-Identifier: MIT */
/* The stores of one `allot run`. */
#include "tracees.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Containers often have a /dev/shm of 64 MiB, too little for the stores of many children. */
static bool has_room(const char *directory)
{
	struct statvfs room;

	return !statvfs(directory, &room) && room.f_bavail * room.f_frsize >= UINT64_C(1) << 30;
}

void allotp_tracees_places(const char *places[ALLOT_TRACEES_PLACES])
{
	places[0] = "/dev/shm";
	places[1] = getenv("TMPDIR");
	places[2] = "/tmp";
	if (places[1] && (!*places[1] || !strcmp(places[1], places[2])))
		places[1] = NULL;
}

static int lock_owner(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &whole) ? -errno : 0;
}

static void owner_path(const char *directory, char *path, size_t size)
{
	snprintf(path, size, "%s/" ALLOT_TRACEES_OWNER, directory);
}

/* Makes a directory and its owner file. One that finds the directory still empty may have removed it meanwhile. */
static int make(struct allot_tracees *tracees, const char *place)
{
	char path[512];

	for (int attempt = 0; attempt < 10; attempt++) {
		if ((size_t)snprintf(tracees->directory, sizeof(tracees->directory), "%s/allot-XXXXXX", place) >=
		    sizeof(tracees->directory))
			return -ENAMETOOLONG;
		if (!mkdtemp(tracees->directory))
			return -errno;
		owner_path(tracees->directory, path, sizeof(path));
		tracees->owner = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (tracees->owner >= 0) {
			lock_owner(tracees->owner);
			return 0;
		}
		if (errno != ENOENT)
			return -errno;
	}
	return -EAGAIN;
}

int allotp_tracees_init(struct allot_tracees *tracees, struct allot_error *error)
{
	const char *places[ALLOT_TRACEES_PLACES];
	int result = -ENOENT;

	memset(tracees, 0, sizeof(*tracees));
	tracees->owner = -1;
	allotp_tracees_places(places);
	for (int i = 0; i < ALLOT_TRACEES_PLACES && result; i++) {
		if (places[i] && (i > 0 || has_room(places[i])))
			result = make(tracees, places[i]);
	}
	if (!result)
		return 0;
	tracees->directory[0] = 0;
	return allotp_error(error, result, "cannot make a temporary directory: %s", strerror(-result));
}

void allotp_tracees_note(const struct allot_tracees *tracees, const char *base)
{
	char here[PATH_MAX] = "", path[2 * PATH_MAX];

	if (*base != '/' && !getcwd(here, sizeof(here)))
		return;
	snprintf(path, sizeof(path), "%s%s%s", here, *here ? "/" : "", base);
	/* Should that fail, there is no room for snapshots either. */
	if (pwrite(tracees->owner, path, strlen(path), 0) < 0)
		return;
}

int allotp_tracees_lock(const char *directory)
{
	char path[512];
	struct stat status;
	int fd, result;

	owner_path(directory, path, sizeof(path));
	fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = lock_owner(fd);
	/* Another that had it has removed all this. */
	if (!result && (fstat(fd, &status) || !status.st_nlink))
		result = -EAGAIN;
	if (!result)
		return fd;
	close(fd);
	return result;
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

unsigned int allotp_tracees_stores(const char *directory)
{
	DIR *entries = opendir(directory);
	unsigned int count = 0;
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		count += is_store(entry->d_name);
	if (entries)
		closedir(entries);
	return count;
}

unsigned int allotp_tracees_sweep(const char *directory)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	DIR *entries = opendir(directory);
	unsigned int left = 0;
	struct dirent *entry;
	char path[640];

	while (entries && (entry = readdir(entries))) {
		int fd;

		if (!is_store(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		whole.l_type = F_WRLCK;
		if (fd >= 0 && !fcntl(fd, F_OFD_GETLK, &whole) && whole.l_type == F_UNLCK)
			unlink(path);
		else
			left++;
		if (fd >= 0)
			close(fd);
	}
	if (entries)
		closedir(entries);
	return left;
}

void allotp_tracees_close(struct allot_tracees *tracees)
{
	for (size_t i = 0; i < tracees->count; i++) {
		if (!tracees->list[i].over)
			allotp_reader_close(&tracees->list[i].reader);
		free(tracees->list[i].file);
	}
	free(tracees->list);
	if (tracees->owner >= 0)
		close(tracees->owner);
	*tracees = (struct allot_tracees){ .owner = -1 };
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
	if (*tracees->directory) {
		owner_path(tracees->directory, path, sizeof(path));
		unlink(path);
		rmdir(tracees->directory);
	}
	allotp_tracees_close(tracees);
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

struct allot_reader allotp_tracees_hand_over(struct allot_tracees *tracees, struct allot_tracee *tracee)
{
	char path[640];

	if (tracee->file) {
		path_of(tracees, tracee->file, path, sizeof(path));
		unlink(path);
	}
	tracee->over = true;
	return tracee->reader;
}

void allotp_tracees_let_go(struct allot_tracees *tracees, struct allot_tracee *tracee)
{
	struct allot_reader reader = allotp_tracees_hand_over(tracees, tracee);

	allotp_reader_close(&reader);
}
