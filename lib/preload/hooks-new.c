/* SPDX-License-Identifier: MIT */
/*
 * C++'s operator new and delete, by their mangled names. The real ones call malloc and free in turn, or have memory of
 * their own: a block is recorded once, here, with the size that was asked for; and what a new handler does on
 * the way is recorded as usual. The real ones may also throw through these frames.
 */
#include <stddef.h>
#include <stdlib.h>
#include <unwind.h>

#include "preload/export.h"
#include "preload/quick.h"
#include "preload/real.h"
#include "preload/record.h"
#include "preload/thread.h"

/* Puts back what enter_new has put aside. */
static inline void leave_new(void)
{
	struct allot_thread *thread = &allotp_thread;
	const struct allot_cxx *outer = thread->cxx.outer;

	if (__builtin_expect(outer->operating, 0)) {
		thread->cxx = *outer;
		return;
	}
	thread->cxx.outer = NULL;
	thread->cxx.block = NULL;
	allotp_thread_leave_operator(thread);
}

/*
 * Called when an exception passes through a hook for operator new: puts back what the hook had put aside. A
 * cleanup in C would do the same, but draws libgcc_s into programs that do without.
 */
_Unwind_Reason_Code allotp_new_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
					   struct _Unwind_Exception *exception, struct _Unwind_Context *context);

__attribute__((used)) _Unwind_Reason_Code allotp_new_personality(int version, _Unwind_Action actions,
								 _Unwind_Exception_Class class,
								 struct _Unwind_Exception *exception,
								 struct _Unwind_Context *context)
{
	(void)version;
	(void)class;
	(void)exception;
	(void)context;
	/* The innermost operator new is the one whose frame this is: the others' frames are further out. */
	if (actions & _UA_CLEANUP_PHASE && allotp_thread.cxx.outer)
		leave_new();
	return _URC_CONTINUE_UNWIND;
}

/* pc-relative, 4 bytes: the function is in this library */
#define PERSONALITY() __asm__ volatile(".cfi_personality 0x1b, allotp_new_personality")

/* Only from where it is under way is it filled in: a handler that calls operator new puts aside and back what there is of it. */
static inline void enter_new(struct allot_cxx *outer, size_t least, size_t alignment)
{
	struct allot_thread *thread = &allotp_thread;
	struct allot_cxx *cxx = &thread->cxx;
	const bool operating = thread->operating;

	if (__builtin_expect(operating, 0))
		*outer = *cxx;
	else
		allotp_thread_enter_operator(thread);
	outer->operating = operating;
	cxx->block = NULL;
	/* libstdc++ rounds an aligned request up, and asks for one byte when none are wanted. */
	cxx->least = least;
	cxx->most = (least ? least : 1) + alignment;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	cxx->outer = outer;
}

/*
 * The one block that operator new got from malloc and did not return is its allocator's own. One operator new calls
 * another (libstdc++'s new[] does), as it would malloc: then the outer one records the block.
 */
static inline void *record_new(void *block, size_t size, enum allot_family family, struct allot_walk_start caller)
{
	void *inner = allotp_thread.cxx.block;

	leave_new();
	if (__builtin_expect(inner && allotp_state.sampling_bytes, 0))
		allotp_sampled_release(inner);
	if (__builtin_expect(inner && inner != block, 0)) {
		if (!block || !allotp_thread_new_takes(block, size))
			allotp_record_alloc(inner, size, ALLOT_FAMILY_MALLOC, &caller);
		return block;
	}
	return allotp_quick_alloc(block, size, family, caller);
}

/*
 * When blocks are sampled: no malloc for a block of this size will be struck. Else operator new is watched, and the
 * block is the first that is counted.
 */
static inline bool passes(uint64_t left, size_t size, size_t alignment)
{
	return size < left && alignment + 1 < left - size;
}

/* Whatever has been counted on the way, it is one block of this size. */
static inline void *counted(struct allot_sampler *sampler, uint64_t left, size_t size, void *block)
{
	sampler->left = left - size - 1;
	return block;
}

/* A program without libstdc++ that calls operator new nevertheless gets malloc, which cannot throw. */
#define IS_KNOWN(name) __builtin_expect(allotp_real.name || find_operator((void **)&allotp_real.name, #name), 1)

ALLOTP_SELDOM bool find_operator(void **function, const char *name)
{
	if (allotp_real_ready())
		*function = allotp_real_find_cxx(name);
	return *function != NULL;
}

#define LIST(...) __VA_ARGS__

/* In two parts: one short way for what is not sampled, and the watched call, out of its way. */
#define HOOK_NEW(name, family, alignment, parameters, arguments)                                                       \
	__attribute__((noinline)) static void *watched##name(struct allot_walk_start caller, LIST parameters)          \
	{                                                                                                              \
		struct allot_cxx outer;                                                                                \
		const uint64_t left = allotp_thread.sampler.left;                                                      \
		void *block;                                                                                           \
                                                                                                                       \
		PERSONALITY();                                                                                         \
		if (!IS_KNOWN(name))                                                                                   \
			return malloc(size);                                                                           \
		enter_new(&outer, size, alignment);                                                                    \
		block = allotp_real.name arguments;                                                                    \
		if (left)                                                                                              \
			allotp_thread.sampler.left = left;                                                             \
		return record_new(block, size, family, caller);                                                        \
	}                                                                                                              \
	void *name parameters;                                                                                         \
	ALLOT_EXPORT void *name parameters                                                                             \
	{                                                                                                              \
		struct allot_sampler *sampler = &allotp_thread.sampler;                                                \
		const uint64_t left = sampler->left;                                                                   \
		struct allot_walk_start caller;                                                                        \
                                                                                                                       \
		if (passes(left, size, alignment) && allotp_real.name)                                                 \
			return counted(sampler, left, size, allotp_real.name arguments);                               \
		caller = ALLOTP_WALK_START();                                                                          \
		return watched##name(caller, LIST arguments);                                                          \
	}                                                                                                              \
	_Static_assert(sizeof(size_t) == 8, "the mangled names are those of 64-bit machines")

HOOK_NEW(_Znwm, ALLOT_FAMILY_NEW, 0, (size_t size), (size));
HOOK_NEW(_Znam, ALLOT_FAMILY_NEW_ARRAY, 0, (size_t size), (size));
HOOK_NEW(_ZnwmRKSt9nothrow_t, ALLOT_FAMILY_NEW, 0, (size_t size, const void *nothrow), (size, nothrow));
HOOK_NEW(_ZnamRKSt9nothrow_t, ALLOT_FAMILY_NEW_ARRAY, 0, (size_t size, const void *nothrow), (size, nothrow));
HOOK_NEW(_ZnwmSt11align_val_t, ALLOT_FAMILY_NEW, alignment, (size_t size, size_t alignment), (size, alignment));
HOOK_NEW(_ZnamSt11align_val_t, ALLOT_FAMILY_NEW_ARRAY, alignment, (size_t size, size_t alignment), (size, alignment));
HOOK_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, ALLOT_FAMILY_NEW, alignment,
	 (size_t size, size_t alignment, const void *nothrow), (size, alignment, nothrow));
HOOK_NEW(_ZnamSt11align_val_tRKSt9nothrow_t, ALLOT_FAMILY_NEW_ARRAY, alignment,
	 (size_t size, size_t alignment, const void *nothrow), (size, alignment, nothrow));

/* What operator delete has put aside. */
struct deletion {
	void *freeing;
	bool operating;
};

/* Recorded before the real delete, whose own call of free, or of another operator delete, then passes. */
static inline struct deletion enter_delete(void *block, enum allot_family family)
{
	struct allot_thread *thread = &allotp_thread;
	const struct deletion outer = { thread->cxx.freeing, thread->operating };

	if (!block || outer.freeing != block) {
		if (!allotp_quick_going(ALLOT_OP_FREE, block, family))
			allotp_record_free(block, family);
		thread->cxx.freeing = block;
	}
	if (!outer.operating)
		allotp_thread_enter_operator(thread);
	return outer;
}

static inline void leave_delete(struct deletion outer)
{
	allotp_thread.cxx.freeing = outer.freeing;
	if (!outer.operating)
		allotp_thread_leave_operator(&allotp_thread);
}

#define HOOK_DELETE(name, family, parameters, arguments)                                                               \
	__attribute__((noinline)) static void watched##name parameters                                                 \
	{                                                                                                              \
		struct deletion outer;                                                                                 \
                                                                                                                       \
		if (!IS_KNOWN(name)) {                                                                                 \
			free(block);                                                                                   \
			return;                                                                                        \
		}                                                                                                      \
		outer = enter_delete(block, family);                                                                   \
		allotp_real.name arguments;                                                                            \
		leave_delete(outer);                                                                                   \
	}                                                                                                              \
	void name parameters;                                                                                          \
	ALLOT_EXPORT void name parameters                                                                              \
	{                                                                                                              \
		if (allotp_thread_passes_free(block) && allotp_real.name)                                              \
			allotp_real.name arguments;                                                                    \
		else                                                                                                   \
			watched##name arguments;                                                                       \
	}                                                                                                              \
	_Static_assert(sizeof(size_t) == 8, "the mangled names are those of 64-bit machines")

HOOK_DELETE(_ZdlPv, ALLOT_FAMILY_NEW, (void *block), (block));
HOOK_DELETE(_ZdaPv, ALLOT_FAMILY_NEW_ARRAY, (void *block), (block));
HOOK_DELETE(_ZdlPvRKSt9nothrow_t, ALLOT_FAMILY_NEW, (void *block, const void *nothrow), (block, nothrow));
HOOK_DELETE(_ZdaPvRKSt9nothrow_t, ALLOT_FAMILY_NEW_ARRAY, (void *block, const void *nothrow), (block, nothrow));
HOOK_DELETE(_ZdlPvm, ALLOT_FAMILY_NEW, (void *block, size_t size), (block, size));
HOOK_DELETE(_ZdaPvm, ALLOT_FAMILY_NEW_ARRAY, (void *block, size_t size), (block, size));
HOOK_DELETE(_ZdlPvSt11align_val_t, ALLOT_FAMILY_NEW, (void *block, size_t alignment), (block, alignment));
HOOK_DELETE(_ZdaPvSt11align_val_t, ALLOT_FAMILY_NEW_ARRAY, (void *block, size_t alignment), (block, alignment));
HOOK_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, ALLOT_FAMILY_NEW, (void *block, size_t alignment, const void *nothrow),
	    (block, alignment, nothrow));
HOOK_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, ALLOT_FAMILY_NEW_ARRAY,
	    (void *block, size_t alignment, const void *nothrow), (block, alignment, nothrow));
HOOK_DELETE(_ZdlPvmSt11align_val_t, ALLOT_FAMILY_NEW, (void *block, size_t size, size_t alignment),
	    (block, size, alignment));
HOOK_DELETE(_ZdaPvmSt11align_val_t, ALLOT_FAMILY_NEW_ARRAY, (void *block, size_t size, size_t alignment),
	    (block, size, alignment));
