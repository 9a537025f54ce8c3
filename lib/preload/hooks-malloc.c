/* SPDX-License-Identifier: MIT */
/*
 * malloc and its kin. A free is recorded before the real one, an allocation after it, so that for any one address
 * the events of all threads are in order; realloc gives the old block up first and takes it back on failure.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/sys.h"
#include "preload/bootstrap.h"
#include "preload/export.h"
#include "preload/modules.h"
#include "preload/real.h"
#include "preload/record.h"
#include "preload/state.h"
#include "preload/thread.h"

/* C23 and older than C89: not in every libc's headers. */
void free_sized(void *, size_t);
void free_aligned_sized(void *, size_t, size_t);
void cfree(void *);

static void *bootstrap(void *block)
{
	if (!block)
		errno = ENOMEM;
	return block;
}

static inline void *record(void *block, size_t size, const struct allot_walk_start *caller)
{
	if (!allotp_thread_new_takes(block, size))
		allotp_record_alloc(block, size, ALLOT_FAMILY_MALLOC, caller);
	return block;
}

ALLOT_EXPORT void *malloc(size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(16, size));
	return record(allotp_real.malloc(size), size, &caller);
}

ALLOT_EXPORT void *calloc(size_t count, size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_calloc(count, size));
	return record(allotp_real.calloc(count, size), count * size, &caller);
}

/* Returns whether the block is to be freed for real. */
static inline bool going(void *block, enum allot_family family)
{
	struct allot_cxx *cxx = &allotp_thread.cxx;

	if (__builtin_expect(allotp_bootstrap_owns(block), 0))
		return false;
	if (__builtin_expect(cxx->block == block, 0) && block)
		cxx->block = NULL; /* freed before operator new could record it */
	else if (__builtin_expect(cxx->freeing == block, 0) && block)
		cxx->freeing = NULL; /* operator delete has recorded it */
	else
		allotp_record_free(block, family);
	return allotp_real_ready();
}

ALLOT_EXPORT void free(void *block)
{
	/* The loader frees what it knew of a library after it has unmapped it. */
	if (__builtin_expect(allotp_modules_is_loader((uintptr_t)__builtin_return_address(0)), 0))
		__atomic_store_n(&allotp_modules_stale, 1, __ATOMIC_RELAXED);
	if (going(block, ALLOT_FAMILY_MALLOC))
		allotp_real.free(block);
}

/* C23; a libc that has neither takes plain free. */
ALLOT_EXPORT void free_sized(void *block, size_t size)
{
	if (!going(block, ALLOT_FAMILY_MALLOC))
		return;
	if (allotp_real.free_sized)
		allotp_real.free_sized(block, size);
	else
		allotp_real.free(block);
}

ALLOT_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
	if (!going(block, ALLOT_FAMILY_MALLOC))
		return;
	if (allotp_real.free_aligned_sized)
		allotp_real.free_aligned_sized(block, alignment, size);
	else
		allotp_real.free(block);
}

ALLOT_EXPORT void cfree(void *block)
{
	if (going(block, ALLOT_FAMILY_MALLOC))
		allotp_real.free(block);
}

/* A bootstrap block cannot grow in place. */
static void *move_bootstrap(void *block, size_t size)
{
	size_t old = allotp_bootstrap_size(block);
	void *moved = allotp_real_ready() ? allotp_real.malloc(size) : allotp_bootstrap_alloc(16, size);

	if (moved)
		memcpy(moved, block, old < size ? old : size);
	return moved;
}

static void *resize(void *block, size_t size, const struct allot_walk_start *caller)
{
	void *moved;

	if (__builtin_expect(block && allotp_bootstrap_owns(block), 0))
		return record(move_bootstrap(block, size), size, caller);
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(16, size));
	allotp_record_give_up(block);
	moved = allotp_real.realloc(block, size);
	if (moved)
		allotp_record_alloc(moved, size, ALLOT_FAMILY_MALLOC, caller);
	else if (size)
		allotp_record_restore(block);
	/* else glibc's realloc(block, 0) has freed it */
	return moved;
}

ALLOT_EXPORT void *realloc(void *block, size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	return resize(block, size, &caller);
}

ALLOT_EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return resize(block, bytes, &caller);
}

ALLOT_EXPORT void *memalign(size_t alignment, size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(alignment, size));
	return record(allotp_real.memalign(alignment, size), size, &caller);
}

ALLOT_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(alignment, size));
	return record(allotp_real.aligned_alloc(alignment, size), size, &caller);
}

ALLOT_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();
	int result;

	if (!allotp_real_ready()) {
		void *memory = allotp_bootstrap_alloc(alignment, size);

		if (memory)
			*block = memory;
		return memory ? 0 : ENOMEM;
	}
	result = allotp_real.posix_memalign(block, alignment, size);
	if (!result)
		record(*block, size, &caller);
	return result;
}

ALLOT_EXPORT void *valloc(size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(4096, size));
	return record(allotp_real.valloc(size), size, &caller);
}

ALLOT_EXPORT void *pvalloc(size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(4096, size));
	return record(allotp_real.pvalloc(size), size, &caller);
}
