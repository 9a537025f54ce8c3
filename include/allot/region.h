/* SPDX-License-Identifier: MIT */
/*
 * Regions and marks: what the program says of what it is just doing. Part of allot/trace.h, which includes it.
 *
 *	ALLOT_REGION("parse") {
 *		…
 *	}
 *
 * What the calling thread allocates in the block counts for the region "parse", and for those around it: inside of
 * ALLOT_REGION("load") it is "load/parse". A region right inside of one of the same name is the same region. Reports group and
 * filter by regions, and each has a peak of its own. What other threads allocate meanwhile is not in the region; blocks
 * stay in the region that they were allocated in, whoever frees them. A block of mmap, and one of the program's own
 * domains, counts, too.
 *
 * The block may be left by break, which leaves it alone (it is a loop for the compiler), by return, goto, an exception, or
 * longjmp. What is allocated after longjmp is not in the region any more, unless it is allocated in the very call of the
 * function that the block is in, where nothing tells: then the region ends when the block begins again, or with the function.
 *
 * The name is any text but the empty one; what is beyond 255 bytes is cut off. It is not copied: it has to stay as it is
 * until the region ends. Few names, entered often, take no more memory than entered once.
 */
#ifndef ALLOT_REGION_H
#define ALLOT_REGION_H

#include <allot/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The same without a block, for what begins and ends in different functions: begins a region of the calling thread, which
 * ends by allot_region_end in the same thread, with what this has returned; or when a block of ALLOT_REGION or a budget
 * around it ends. 0: the program is not traced, or there is no room: to end that does nothing.
 */
static inline unsigned long long allot_region_begin(const char *name)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, region_begin) ? api->region_begin(name) : 0;
}

/* Ends the region, and all that have begun inside of it and not ended. What has ended already is ignored. */
static inline void allot_region_end(unsigned long long region)
{
	const struct allot_api *api = allot_api_find();

	if (region && ALLOT_API_HAS(api, region_end))
		api->region_end(region);
}

/*
 * Marks this moment in the time series, with the name and what is live: `allot info` and the JSON of `allot report` show it.
 * The first 65536 marks are kept, others counted. -EINVAL: no name; -ENOSPC: no room for one.
 */
static inline int allot_mark(const char *name)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, mark) ? api->mark(name) : ALLOT_NOT_TRACING;
}

typedef unsigned long long allot_region_enter_fn(const char *name, void *guard, const void *frame);

static inline unsigned long long allot_region_enter_nothing(const char *name, void *guard, const void *frame)
{
	(void)name;
	(void)guard;
	(void)frame;
	return 0;
}

/* What begins a block. It has to be called from the function that the block is in, not from one of this header. */
static inline allot_region_enter_fn *allot_region_find(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, region_enter) ? api->region_enter : allot_region_enter_nothing;
}

#ifdef __cplusplus
}
#endif

#define ALLOT_JOIN_(a, b) a##b
#define ALLOT_JOIN(a, b) ALLOT_JOIN_(a, b)

#define ALLOT_REGION(name) ALLOT_REGION_(name, ALLOT_JOIN(allot_region_, __COUNTER__))
#define ALLOT_REGION_BEGIN_(name, guard) allot_region_find()((name), &guard, __builtin_frame_address(0))

#ifdef __cplusplus

struct allot_region_guard {
	unsigned long long region;
	bool once;

	explicit allot_region_guard(unsigned long long begun) : region(begun), once(true)
	{
	}
	~allot_region_guard()
	{
		allot_region_end(region);
	}
	allot_region_guard(const allot_region_guard &) = delete;
	allot_region_guard &operator=(const allot_region_guard &) = delete;
};

#define ALLOT_REGION_(name, guard)                                                                                     \
	for (struct allot_region_guard guard(ALLOT_REGION_BEGIN_(name, guard)); guard.once; guard.once = false)

#else

struct allot_region_guard {
	unsigned long long region;
	int once;
};

static inline void allot_region_guard_end(const struct allot_region_guard *guard)
{
	allot_region_end(guard->region);
}

#define ALLOT_REGION_(name, guard)                                                                                     \
	for (struct allot_region_guard guard                                                                           \
	     __attribute__((cleanup(allot_region_guard_end))) = { ALLOT_REGION_BEGIN_(name, guard), 1 };               \
	     guard.once; guard.once = 0)

#endif

#endif
