/* SPDX-License-Identifier: MIT */
/* Draining and freezing a store from outside. */
#include "read/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "read/mappings.h"
#include "snapshot/freeze.h"
#include "store/drain.h"
#include "store/history.h"

int allotp_reader_open(struct allot_reader *reader, int fd, const char *name, struct allot_error *error)
{
	struct allot_reader opened = { .fd = fd };
	struct stat status;
	int result;

	if (fstat(fd, &status)) {
		result = allotp_error(error, -errno, "%s: %s", name, strerror(errno));
	} else {
		opened.inode = status.st_ino;
		result = allotp_store_open(&opened.store, fd, name, error);
	}
	if (result) {
		close(fd);
		return result;
	}
	*reader = opened;
	return 0;
}

int allotp_reader_open_path(struct allot_reader *reader, const char *path, struct allot_error *error)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return allotp_error(error, -errno, "%s: %s", path, strerror(errno));
	return allotp_reader_open(reader, fd, path, error);
}

/* Opened for reading alone, it is a copy of our own. Where there is no room for one, -ENOMEM. */
static int open_copy(struct allot_reader *reader, const char *path, struct allot_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), result;

	if (fd < 0)
		return allotp_error(error, -errno, "%s: %s", path, strerror(errno));
	result = allotp_reader_open(reader, fd, path, error);
	if (!result)
		reader->copy = true;
	return result;
}

int allotp_reader_open_file(struct allot_reader *reader, const char *path, struct allot_error *error)
{
	int result = open_copy(reader, path, error);

	if (result && result != -ENOMEM)
		return result;
	if (!result && !allotp_reader_is_running(reader))
		return 0;
	if (!result)
		allotp_reader_close(reader);
	result = allotp_reader_open_path(reader, path, error);
	if (result == -EACCES || result == -EPERM || result == -EROFS)
		return allotp_error(error, result,
				    "%s: its program still runs, and to look into it takes the right to write: %s",
				    path, strerror(-result));
	return result;
}

void allotp_reader_close(struct allot_reader *reader)
{
	if (reader->announced)
		__atomic_store_n(&reader->store.header->reader, 0, __ATOMIC_RELAXED);
	allotp_store_close(&reader->store);
	close(reader->fd);
}

bool allotp_reader_ready(const struct allot_reader *reader)
{
	return __atomic_load_n(&reader->store.header->ready, __ATOMIC_ACQUIRE);
}

void allotp_reader_announce(struct allot_reader *reader)
{
	__atomic_store_n(&reader->store.header->reader, 1, __ATOMIC_RELAXED);
	reader->announced = true;
}

uint64_t allotp_reader_poll(struct allot_reader *reader)
{
	uint64_t applied;

	if (!allotp_reader_ready(reader) || allotp_drain_lock(&reader->store))
		return 0;
	applied = allotp_drain(&reader->store);
	allotp_drain_unlock(&reader->store);
	return applied;
}

static bool is_held(const struct allot_reader *reader)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !fcntl(reader->fd, F_OFD_GETLK, &whole) && whole.l_type != F_UNLCK;
}

/* Its number may mean another process here. */
static bool is_elsewhere(const struct allot_reader *reader)
{
	const struct allot_header *header = reader->store.header;

	return header->flags & ALLOT_STORE_HELD &&
	       (!header->pid_namespace || header->pid_namespace != reader->store.pid_namespace);
}

bool allotp_reader_is_running(const struct allot_reader *reader)
{
	int mapped = is_elsewhere(reader) ? -EACCES : allotp_mappings_have(reader->store.header->pid, reader->inode);

	return mapped < 0 ? is_held(reader) : mapped;
}

bool allotp_reader_seems_running(const struct allot_reader *reader)
{
	const struct allot_header *header = reader->store.header;

	if (is_elsewhere(reader))
		return is_held(reader);
	return __atomic_load_n(&header->exit_state, __ATOMIC_ACQUIRE) == ALLOT_EXIT_RUNNING &&
	       (!kill((pid_t)header->pid, 0) || errno != ESRCH);
}

bool allotp_reader_refused(const struct allot_reader *reader, unsigned int i, char *text, size_t size, uint32_t *count)
{
	const struct allot_store *store = &reader->store;
	const struct allot_refused *refused = &store->header->refused[i];
	uint64_t offset = __atomic_load_n(&refused->text, __ATOMIC_ACQUIRE);
	uint64_t left = store->region_size[ALLOT_REGION_STRINGS];

	if (!offset || offset >= left)
		return false;
	left -= offset;
	snprintf(text, size, "%.*s", (int)(left < size ? left : size),
		 (const char *)store->region[ALLOT_REGION_STRINGS] + offset);
	*count = __atomic_load_n(&refused->count, __ATOMIC_RELAXED);
	return true;
}

/* A drain takes milliseconds; ten seconds without the lock mean that its owner is stopped. */
static int lock_patiently(struct allot_store *store)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < 10000; i++) {
		int result;

		allotp_drain_want(store);
		result = allotp_drain_lock(store);
		if (result != -EBUSY)
			return result;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

/* Nobody writes to it, and its process went on, whatever has become of it since. */
static bool is_image(const struct allot_header *header)
{
	return __atomic_load_n(&header->flags, __ATOMIC_RELAXED) & ALLOT_STORE_IMAGE;
}

static int freeze_image(const void *data, size_t size, struct allot_snapshot **out, struct allot_error *error)
{
	const struct allot_freeze_options options = { .exit = ALLOT_EXIT_RUNNING };

	return allotp_freeze(data, size, &options, out, error);
}

int allotp_reader_freeze_image(const void *data, size_t size, const char *name, struct allot_snapshot **out,
			       struct allot_error *error)
{
	struct allot_error inner = { "" };
	struct allot_header header;
	int result;

	if (size < sizeof(header))
		return allotp_error(error, -EBADMSG, "%s: not an allot store", name);
	memcpy(&header, data, sizeof(header));
	if (header.magic == ALLOT_STORE_MAGIC && !is_image(&header))
		return allotp_error(error, -EBADMSG, "%s: a store that its program was writing to, no snapshot of it", name);
	result = freeze_image(data, size, out, &inner);
	return result ? allotp_error(error, result, "%s: %s", name, inner.text) : 0;
}

/* What it had recorded is gone, and so there is nothing to look at while it runs on. */
static bool has_stopped(const struct allot_header *header)
{
	return __atomic_load_n(&header->dropping, __ATOMIC_RELAXED) == ALLOT_DROPPING_STOPPED;
}

int allotp_reader_freeze(struct allot_reader *reader, const struct allot_reader_end *end, const char *name,
			 struct allot_snapshot **out, struct allot_error *error)
{
	struct allot_store *store = &reader->store;
	struct allot_freeze_options options = { .exit = end->exit, .exit_value = end->exit_value };
	int result;

	if (!allotp_reader_ready(reader))
		return allotp_error(error, -ENODATA, "%s: recording never began", name);
	if (is_image(store->header))
		return freeze_image(store->base, store->size, out, error);
	if (!end->over && has_stopped(store->header))
		return allotp_error(error, -ENODATA, "%s: it has stopped tracing", name);
	result = end->over ? allotp_drain_lock_by_force(store) : lock_patiently(store);
	if (result == -EBUSY)
		return allotp_error(error, result, "%s: its drain is held by a thread or reader that is stopped", name);
	if (result)
		return allotp_error(error, result, "%s: cannot open the store up: %s", name, strerror(-result));
	if (end->over) {
		allotp_drain_rest(store);
	} else {
		options.exit = ALLOT_EXIT_RUNNING;
		allotp_drain_now(store);
		options.now_stamp = allotp_stamp(store->header->clock == ALLOT_CLOCK_COUNTER);
		options.now_monotonic_ns = allotp_clock_ns(CLOCK_MONOTONIC);
		if (end->tick)
			allotp_history_tick(store, options.now_stamp);
	}
	if (end->over && end->exit == ALLOT_EXIT_UNKNOWN && store->header->exit_state) {
		options.exit = (enum allot_exit)store->header->exit_state;
		options.exit_value = store->header->exit_value;
	}
	result = allotp_freeze(store->base, store->size, &options, out, error);
	allotp_drain_unlock(store);
	return result;
}
