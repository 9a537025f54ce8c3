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

ALLOTP_INLINE void *record(void *block, size_t size, struct allot_walk_start caller)
{
	return allotp_quick_alloc(block, size, ALLOT_FAMILY_MALLOC, caller);
}

static void *record_aligned(void *block, size_t size, struct allot_walk_start caller)
{
	return record(block, size, caller);
}

/*
 * A hook has a short way for what is not sampled, which is to have no stack frame. This keeps a compiler from moving an
 * argument to where the long one wants it before it is known which one it will be.
 */
#define STAY(argument) __asm__("" : "+r"(argument))

ALLOT_EXPORT void *malloc(size_t size)
{
	void *block;

	if (allotp_thread_passes(size))
		return allotp_real.malloc(size);
	STAY(size);
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(16, size));
	block = allotp_real.malloc(size);
	return record(block, size, ALLOTP_WALK_START());
}

ALLOT_EXPORT void *calloc(size_t count, size_t size)
{
	void *block;

	if (allotp_thread_passes(count * size))
		return allotp_real.calloc(count, size);
	STAY(count);
	STAY(size);
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_calloc(count, size));
	block = allotp_real.calloc(count, size);
	return record(block, count * size, ALLOTP_WALK_START());
}

/* Returns whether the block is to be freed for real. */
ALLOTP_SELDOM bool unusual_going(void *block)
{
	struct allot_cxx *cxx = &allotp_thread.cxx;

	if (!block || allotp_bootstrap_owns(block) || !allotp_real_ready())
		return false;
	if (cxx->block == block)
		cxx->block = NULL; /* freed before operator new could record it */
	else if (cxx->freeing == block)
		cxx->freeing = NULL; /* operator delete has recorded it */
	else
		allotp_record_free(block, ALLOT_FAMILY_MALLOC);
	return true;
}

static inline bool going(void *block)
{
	return (!allotp_bootstrap_owns(block) && allotp_quick_going(ALLOT_OP_FREE, block, ALLOT_FAMILY_MALLOC)) ||
	       unusual_going(block);
}

ALLOTP_SELDOM void unusual_free(void *block)
{
	if (unusual_going(block))
		allotp_real.free(block);
}

/* The loader frees what it knew of a library after it has unmapped it. */
ALLOTP_SELDOM void loaders_free(void *block)
{
	allotp_modules_suspect();
	unusual_free(block);
}

ALLOT_EXPORT void free(void *block)
{
	if (!allotp_thread_passes_free(block)) {
		if (__builtin_expect(allotp_modules_is_loader((uintptr_t)__builtin_return_address(0)), 0)) {
			loaders_free(block);
			return;
		}
		if (allotp_bootstrap_owns(block) || !allotp_quick_going(ALLOT_OP_FREE, block, ALLOT_FAMILY_MALLOC)) {
			unusual_free(block);
			return;
		}
	}
	allotp_real.free(block);
}

/* C23; a libc that has neither takes plain free. */
ALLOT_EXPORT void free_sized(void *block, size_t size)
{
	if (!going(block))
		return;
	if (allotp_real.free_sized)
		allotp_real.free_sized(block, size);
	else
		allotp_real.free(block);
}

ALLOT_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
	if (!going(block))
		return;
	if (allotp_real.free_aligned_sized)
		allotp_real.free_aligned_sized(block, alignment, size);
	else
		allotp_real.free(block);
}

ALLOT_EXPORT void cfree(void *block)
{
	if (going(block))
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

static bool give_up(void *block)
{
	return allotp_quick_going(ALLOT_OP_GIVE_UP, block, ALLOT_FAMILY_MALLOC) || allotp_record_give_up(block);
}

__attribute__((noinline)) static void *resize(void *block, size_t size, struct allot_walk_start caller)
{
	bool given_up;
	void *moved;

	if (__builtin_expect(block && allotp_bootstrap_owns(block), 0))
		return record(move_bootstrap(block, size), size, caller);
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(16, size));
	allotp_thread.moving = true;
	given_up = give_up(block);
	moved = allotp_real.realloc(block, size);
	if (moved && allotp_thread.operating) /* it is not what operator new has asked for */
		allotp_record_alloc(moved, size, ALLOT_FAMILY_MALLOC, &caller);
	else if (moved)
		record(moved, size, caller);
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
	return resize(block, size, caller);
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
	return resize(block, bytes, caller);
}

ALLOT_EXPORT void *memalign(size_t alignment, size_t size)
{
	struct allot_walk_start caller;

	if (allotp_thread_passes(size))
		return allotp_real.memalign(alignment, size);
	caller = ALLOTP_WALK_START();
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(alignment, size));
	return record_aligned(allotp_real.memalign(alignment, size), size, caller);
}

ALLOT_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	struct allot_walk_start caller;

	if (allotp_thread_passes(size))
		return allotp_real.aligned_alloc(alignment, size);
	caller = ALLOTP_WALK_START();
	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(alignment, size));
	return record_aligned(allotp_real.aligned_alloc(alignment, size), size, caller);
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
		record_aligned(*block, size, caller);
	return result;
}

ALLOT_EXPORT void *valloc(size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(4096, size));
	return record_aligned(allotp_real.valloc(size), size, caller);
}

ALLOT_EXPORT void *pvalloc(size_t size)
{
	struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_real_ready())
		return bootstrap(allotp_bootstrap_alloc(4096, size));
	return record_aligned(allotp_real.pvalloc(size), size, caller);
}
