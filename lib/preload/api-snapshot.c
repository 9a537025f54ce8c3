/* SPDX-License-Identifier: MIT */
/* Snapshots that a program takes of itself: an image of its store, in a file or in memory. */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/sys.h"
#include "preload/access.h"
#include "preload/api.h"
#include "preload/export.h"
#include "preload/objects.h"
#include "preload/state.h"
#include "store/image.h"

static void *get_memory(uint64_t size)
{
	void *memory = allotp_sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return allotp_sys_failed(memory) ? NULL : memory;
}

static int write_all(int fd, const void *bytes, uint64_t count)
{
	const uint8_t *from = bytes;

	while (count) {
		long written = allotp_sys_write(fd, from, count);

		if (written == -EINTR)
			continue;
		if (written <= 0)
			return written ? (int)written : -EIO;
		from += written;
		count -= (uint64_t)written;
	}
	return 0;
}

static int write_image(int fd, const struct allot_image *image)
{
	static const uint8_t zeros[ALLOT_IMAGE_PAGE];

	for (int i = 0; i < ALLOT_REGIONS; i++) {
		uint64_t count = image->parts[i].count;
		int result = write_all(fd, image->parts[i].bytes, count);

		if (!result)
			result = write_all(fd, zeros, allotp_image_padded(count) - count);
		if (result)
			return result;
	}
	return 0;
}

/* A limit on file sizes is told, instead of being met by a signal. */
static bool is_too_large(uint64_t size)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur;
}

static int write_and_close(int fd, const struct allot_image *image)
{
	int result = is_too_large(image->size) ? -EFBIG : write_image(fd, image);
	int closed = allotp_sys_close(fd);

	return result ? result : closed;
}

/* The path with a number behind it. False: it is too long. */
static bool name_temporary(const char *path, char temporary[static PATH_MAX])
{
	size_t size = strnlen(path, PATH_MAX);
	uint32_t number = (uint32_t)allotp_sys_gettid();
	char digits[16];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	digits[--i] = '.';
	if (size + sizeof(digits) - i >= PATH_MAX)
		return false;
	memcpy(temporary, path, size);
	memcpy(temporary + size, digits + i, sizeof(digits) - i);
	temporary[size + sizeof(digits) - i] = 0;
	return true;
}

/* By another file beside it, so that an older one stays as it was until this one is complete. */
static int replace_file(const char *path, const struct allot_image *image)
{
	char temporary[PATH_MAX];
	int fd, result;

	if (!name_temporary(path, temporary))
		return -ENAMETOOLONG;
	allotp_sys_unlink(temporary);
	fd = allotp_sys_openat(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return fd;
	result = write_and_close(fd, image);
	if (!result)
		result = (int)ALLOTP_SYSCALL(SYS_renameat2, AT_FDCWD, temporary, AT_FDCWD, path, 0);
	if (result)
		allotp_sys_unlink(temporary);
	return result;
}

/* A device, a pipe or a link is written to as it is. */
static int write_file(const char *path, const struct allot_image *image)
{
	struct stat status;
	int fd;

	if (ALLOTP_SYSCALL(SYS_newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) || S_ISREG(status.st_mode))
		return replace_file(path, image);
	fd = allotp_sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	return fd < 0 ? fd : write_and_close(fd, image);
}

ALLOT_EXPORT int allot_take_snapshot(const char *path)
{
	struct allot_header *header = get_memory(sizeof(*header));
	struct allot_access access;
	struct allot_image image;
	int result = header ? allotp_access_begin(&access) : -ENOMEM;

	if (!result) {
		allotp_objects_take();
		allotp_image_plan(&image, &allotp_state.store, header);
		result = write_file(path, &image);
		allotp_objects_forget();
		allotp_access_end(&access);
	}
	if (header)
		allotp_sys_munmap(header, sizeof(*header));
	return result;
}

ALLOT_EXPORT int allot_take_snapshot_in_memory(void **data, size_t *size)
{
	struct allot_header *header = get_memory(sizeof(*header));
	struct allot_access access;
	struct allot_image image;
	void *memory = NULL;
	int result = header ? allotp_access_begin(&access) : -ENOMEM;

	if (!result) {
		allotp_objects_take();
		allotp_image_plan(&image, &allotp_state.store, header);
		memory = get_memory(image.size);
		if (memory)
			allotp_image_copy(&image, memory);
		allotp_objects_forget();
		allotp_access_end(&access);
		if (memory) {
			*data = memory;
			*size = image.size;
		} else {
			result = -ENOMEM;
		}
	}
	if (header)
		allotp_sys_munmap(header, sizeof(*header));
	return result;
}

ALLOT_EXPORT void allot_free_snapshot(void *data, size_t size)
{
	if (data)
		allotp_sys_munmap(data, size);
}
