/* SPDX-License-Identifier: MIT */
/*
 * Leaks: what a program may ask, and say, of blocks that no pointer leads to. Part of allot/trace.h, which includes it.
 * allot(1) says what counts as a pointer; the classes are memcheck's.
 *
 * A program that was written for LeakSanitizer may call that one's interface instead: __lsan_ignore_object, __lsan_disable,
 * __lsan_enable, __lsan_register_root_region, __lsan_unregister_root_region, __lsan_do_leak_check and
 * __lsan_do_recoverable_leak_check do what the functions here do. None of them prints or ends the program: what is found is in
 * the snapshot, and told by `allot leaks` and `allot run --leaks`.
 */
#ifndef ALLOT_LEAKS_H
#define ALLOT_LEAKS_H

#include <allot/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Looks for leaks now. The other threads are stopped for some milliseconds, the process is copied, and the calling thread waits
 * until the copy has been looked through. Returns how many lost blocks there are that no look before had found: definitely,
 * indirectly or possibly lost ones; INT_MAX for more. *found (NULL is fine) gets all there are. -ENODATA: not tracing; -ENOTSUP: only
 * some blocks are recorded; -EPERM: threads cannot be stopped; other errnos when the process cannot be copied. Not in signal
 * handlers. LeakSanitizer: __lsan_do_recoverable_leak_check.
 */
static inline int allot_check_leaks(struct allot_leak_counts *found)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, check_leaks) ? api->check_leaks(found) : ALLOT_NOT_TRACING;
}

/*
 * The block is no leak, nor is what it leads to, until it is freed; also when realloc has not moved it. 0, or -ENOENT: there is no
 * block that begins there. LeakSanitizer: __lsan_ignore_object.
 */
static inline int allot_leak_ignore(const void *block)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, leak_ignore) ? api->leak_ignore(block) : ALLOT_NOT_TRACING;
}

/* Between the two, what the calling thread allocates is no leak; may be nested. LeakSanitizer: __lsan_disable, __lsan_enable. */
static inline void allot_leaks_disable(void)
{
	const struct allot_api *api = allot_api_find();

	if (ALLOT_API_HAS(api, leaks_disable))
		api->leaks_disable();
}

static inline void allot_leaks_enable(void)
{
	const struct allot_api *api = allot_api_find();

	if (ALLOT_API_HAS(api, leaks_enable))
		api->leaks_enable();
}

/*
 * Pointers in this memory count, whoever points to the memory: for what is in a block that only the kernel or a device knows of.
 * 0; -EINVAL for NULL or a size of 0; -ENOSPC: there are 256 already. LeakSanitizer: __lsan_register_root_region.
 */
static inline int allot_root_register(const void *memory, size_t size)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, root_register) ? api->root_register(memory, size) : ALLOT_NOT_TRACING;
}

/* The same address and size. -ENOENT: it was not registered. LeakSanitizer: __lsan_unregister_root_region. */
static inline int allot_root_unregister(const void *memory, size_t size)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, root_unregister) ? api->root_unregister(memory, size) : ALLOT_NOT_TRACING;
}

#ifdef __cplusplus
}
#endif

#endif
