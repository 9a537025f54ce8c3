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
#include "preload/quick.h"
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
		allotp_quick_alloc(block, size, ALLOT_FAMILY_MALLOC, caller);
	return block;
}

/*
 * A hook has two parts: one short way for what is not sampled, and the watched call, out of its way. Where the walk
 * begins only the hook itself knows.
 */
#define WATCHED __attribute__((noinline)) static

WATCHED void *watched_malloc(size_t size, const struct allot_walk_start *caller)
{
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(16, size));
	return record(allotp_real.malloc(size), size, caller);
}

ALLOT_EXPORT void *malloc(size_t size)
{
	struct allot_walk_start caller;

	if (allotp_thread_passes(size))
		return allotp_real.malloc(size);
	caller = ALLOTP_WALK_START();
	return watched_malloc(size, &caller);
}

WATCHED void *watched_calloc(size_t count, size_t size, const struct allot_walk_start *caller)
{
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_calloc(count, size));
	return record(allotp_real.calloc(count, size), count * size, caller);
}

ALLOT_EXPORT void *calloc(size_t count, size_t size)
{
	struct allot_walk_start caller;

	if (allotp_thread_passes(count * size))
		return allotp_real.calloc(count, size);
	caller = ALLOTP_WALK_START();
	return watched_calloc(count, size, &caller);
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
		allotp_quick_free(block, family);
	return allotp_real_ready();
}

WATCHED void watched_free(void *block, uintptr_t caller)
{
	/* The loader frees what it knew of a library after it has unmapped it. */
	if (__builtin_expect(allotp_modules_is_loader(caller), 0))
		__atomic_store_n(&allotp_modules_stale, 1, __ATOMIC_RELAXED);
	if (going(block, ALLOT_FAMILY_MALLOC))
		allotp_real.free(block);
}

ALLOT_EXPORT void free(void *block)
{
	if (allotp_thread_passes_free(block))
		allotp_real.free(block);
	else
		watched_free(block, (uintptr_t)__builtin_return_address(0));
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

WATCHED void *resize(void *block, size_t size, const struct allot_walk_start *caller)
{
	bool given_up;
	void *moved;

	if (__builtin_expect(block && allotp_bootstrap_owns(block), 0))
		return record(move_bootstrap(block, size), size, caller);
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(16, size));
	allotp_thread.moving = true;
	given_up = allotp_record_give_up(block);
	moved = allotp_real.realloc(block, size);
	if (moved)
		allotp_quick_alloc(moved, size, ALLOT_FAMILY_MALLOC, caller);
	else if (size && given_up)
		allotp_record_restore(block);
	/* else glibc's realloc(block, 0) has freed it */
	allotp_thread.moving = false;
	return moved;
}

/* Neither the old block nor the new one is sampled. */
static inline bool passes_resize(const void *block, size_t size)
{
	return allotp_thread_passes_free(block) && allotp_thread_passes(size);
}

ALLOT_EXPORT void *realloc(void *block, size_t size)
{
	struct allot_walk_start caller;

	if (passes_resize(block, size))
		return allotp_real.realloc(block, size);
	caller = ALLOTP_WALK_START();
	return resize(block, size, &caller);
}

ALLOT_EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
	struct allot_walk_start caller;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	if (passes_resize(block, bytes))
		return allotp_real.realloc(block, bytes);
	caller = ALLOTP_WALK_START();
	return resize(block, bytes, &caller);
}

ALLOT_EXPORT void *memalign(size_t alignment, size_t size)
{
	struct allot_walk_start caller;

	if (allotp_thread_passes(size))
		return allotp_real.memalign(alignment, size);
	caller = ALLOTP_WALK_START();
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(alignment, size));
	return record(allotp_real.memalign(alignment, size), size, &caller);
}

ALLOT_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	struct allot_walk_start caller;

	if (allotp_thread_passes(size))
		return allotp_real.aligned_alloc(alignment, size);
	caller = ALLOTP_WALK_START();
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(alignment, size));
	return record(allotp_real.aligned_alloc(alignment, size), size, &caller);
}

ALLOT_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
	struct allot_walk_start caller;
	int result;

	if (allotp_thread_passes(size))
		return allotp_real.posix_memalign(block, alignment, size);
	caller = ALLOTP_WALK_START();
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
