/* SPDX-License-Identifier: MIT */
/* The program's own mappings, as a domain of their own; recorded only when asked for. */
#include <stdarg.h>
#include <sys/mman.h>

#include "common/sys.h"
#include "preload/config.h"
#include "preload/export.h"
#include "preload/real.h"
#include "preload/record.h"

#undef mmap64

void *mmap64(void *, size_t, int, int, int, off_t);

/* The kernel maps and unmaps whole pages. */
static size_t whole_pages(size_t size)
{
	return (size + 4095) & ~(size_t)4095;
}

/*
 * Early callers get the system call, which is the same. Looking the functions up here would be a trap: it is often an
 * allocator of the program's own that maps memory, under its lock, and a look-up that fails allocates.
 */
#define known(function) __builtin_expect((function) != NULL, 1)

static void *map(void *address, size_t size, int protection, int flags, int fd, off_t offset,
		 const struct allot_walk_start *caller)
{
	void *mapped;

	if (!known(allotp_real.mmap))
		return (void *)allotp_sys_told(ALLOTP_SYSCALL(SYS_mmap, address, size, protection, flags, fd, offset));
	mapped = allotp_real.mmap(address, size, protection, flags, fd, offset);
	if (mapped != MAP_FAILED && allotp_config.record_mmap)
		allotp_record_map(mapped, whole_pages(size), caller);
	return mapped;
}

ALLOT_EXPORT void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	return map(address, size, protection, flags, fd, offset, &caller);
}

ALLOT_EXPORT void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	return map(address, size, protection, flags, fd, offset, &caller);
}

ALLOT_EXPORT int munmap(void *address, size_t size)
{
	if (!known(allotp_real.munmap))
		return (int)allotp_sys_told(ALLOTP_SYSCALL(SYS_munmap, address, size));
	/* It fails only for arguments that are no mapping's, and then nothing of ours is there to be taken out. */
	if (allotp_config.record_mmap && !((uintptr_t)address & 4095))
		allotp_record_unmap(address, whole_pages(size));
	return allotp_real.munmap(address, size);
}

ALLOT_EXPORT void *mremap(void *address, size_t old_size, size_t size, int flags, ...)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();
	void *fixed = NULL, *mapped;
	va_list rest;

	if (flags & MREMAP_FIXED) {
		va_start(rest, flags);
		fixed = va_arg(rest, void *);
		va_end(rest);
	}
	if (!known(allotp_real.mremap))
		return (void *)allotp_sys_told(ALLOTP_SYSCALL(SYS_mremap, address, old_size, size, flags, fixed));
	mapped = allotp_real.mremap(address, old_size, size, flags, fixed);
	if (mapped != MAP_FAILED && allotp_config.record_mmap) {
		/* Known only now; the address range belonged to this call all the while. */
		allotp_record_unmap(address, whole_pages(old_size));
		allotp_record_map(mapped, whole_pages(size), &caller);
	}
	return mapped;
}
