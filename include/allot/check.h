/* SPDX-License-Identifier: MIT */
/*
 * For tests: what a block of code may allocate.
 *
 *	ALLOT_BUDGET(.peak = 64 * 1024, .live = 0, .count = 100) {
 *		…
 *	}
 *	ALLOT_NO_LEAKS {
 *		…
 *	}
 *
 * A limit that is not given is none; one that is given as 0 is 0:
 *
 *	peak   bytes live at once
 *	live   bytes still live at the end of the block; 0: not even an empty block of memory may be left
 *	count  blocks allocated, realloc included, freed or not
 *	ever   bytes of all of them
 *
 * In C++ the limits have to be given in this order. What counts is what the calling thread allocates inside of the block;
 * frees count whoever frees. Mappings do not count (mmap). All is exact: at the end of the block everything that any thread
 * has done is counted first. Blocks may be nested, also in themselves by recursion, and left by break, which leaves them
 * alone, by return and goto: then they are checked. Left by an exception, which is live itself, or by longjmp they are not.
 *
 * When a limit is broken, the failure function is called with the text that says which, by how much, and by which call
 * sites, worst first. That is the function given to allot_check_on_failure, or else, if <check.h> of Check was included
 * before this header, or ALLOT_CHECK_WITH_CHECK is defined, the failure of the test at this place, or else the text on
 * standard error and abort().
 *
 * In a program that is not traced (`allot run`, LD_PRELOAD=liballot.so) blocks pass; the first says so on standard error.
 * With ALLOT_REQUIRED=1 in the environment they fail.
 */
#ifndef ALLOT_CHECK_H
#define ALLOT_CHECK_H

#include <allot/trace.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ALLOT_CHECK_WITH_CHECK
#include <check.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* text: one line and, for each call site, another; it is gone when the function returns. */
typedef void allot_check_failed_fn(const char *file, int line, const char *text);

/* One for the whole program, whichever of its files includes this. */
__attribute__((weak)) allot_check_failed_fn *allot_check_failed_;
__attribute__((weak)) int allot_check_said_;

/* What to call instead of failing by Check or abort(). If it returns, the program goes on behind the block. NULL: as before. */
static inline void allot_check_on_failure(allot_check_failed_fn *failed)
{
	allot_check_failed_ = failed;
}

static inline void allot_check_fail_abort(const char *file, int line, const char *text)
{
	fprintf(stderr, "%s:%d: %s", file, line, text);
	fflush(stderr);
	abort();
}

#ifdef CHECK_H
/* What ck_abort_msg is, but for the place, which is the block's. */
static inline void allot_check_fail_check(const char *file, int line, const char *text)
{
	_ck_assert_failed(file, line, "Failed", "%s", text);
}
#define ALLOT_CHECK_FAIL allot_check_fail_check
#else
#define ALLOT_CHECK_FAIL allot_check_fail_abort
#endif

struct allot_check_guard {
	struct allot_limits limits;
	unsigned long long budget;
	int begun; /* 0, or why not: a negative errno */
	int once;
	const char *file, *what;
	int line;
	allot_check_failed_fn *failed;
};

static inline const char *allot_check_reason(int error)
{
	switch (-error) {
	case ENODATA:
		return "this process is not traced: use `allot run --follow -- PROGRAM`, or LD_PRELOAD=liballot.so";
	case ENOTSUP:
		return "only some blocks are recorded (--sample)";
	case EBUSY:
		return "another process, which reads what is recorded, is stopped";
	case ECANCELED:
		return "its end is not where it began";
	case ENOSPC:
		return "there is no room to record it, or it is nested too deep";
	default:
		return strerror(-error);
	}
}

static inline void allot_check_fail(const struct allot_check_guard *guard, const char *text)
{
	(allot_check_failed_ ? allot_check_failed_ : guard->failed)(guard->file, guard->line, text);
}

static inline void allot_check_not_done(const struct allot_check_guard *guard, int error)
{
	const char *required = getenv("ALLOT_REQUIRED");
	char text[300];

	if (required && *required && strcmp(required, "0") != 0) {
		snprintf(text, sizeof(text), "%s is not checked, and ALLOT_REQUIRED is set: %s\n", guard->what,
			 allot_check_reason(error));
		allot_check_fail(guard, text);
	} else if (!allot_check_said_) {
		allot_check_said_ = 1;
		fprintf(stderr, "allot: %s:%d: %s passes unchecked, and so do others: %s\n", guard->file, guard->line,
			guard->what, allot_check_reason(error));
	}
}

typedef int allot_budget_enter_fn(const char *file, int line, void *guard, const void *frame,
				  unsigned long long *budget);

static inline int allot_budget_enter_nothing(const char *file, int line, void *guard, const void *frame,
					     unsigned long long *budget)
{
	(void)file;
	(void)line;
	(void)guard;
	(void)frame;
	(void)budget;
	return ALLOT_NOT_TRACING;
}

/* What begins a block. It has to be called from the function that the block is in, not from one of this header. */
static inline allot_budget_enter_fn *allot_budget_find(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, budget_enter) ? api->budget_enter : allot_budget_enter_nothing;
}

static inline void allot_check_end(struct allot_check_guard *guard)
{
	const struct allot_api *api = allot_api_find();
	char text[4096];
	int result = guard->begun, used;

	used = snprintf(text, sizeof(text) / 4, "%s: ", guard->what);
	if (used >= (int)sizeof(text) / 4)
		used = (int)sizeof(text) / 4 - 1;
	if (!result)
		result = api->budget_leave(guard->budget, &guard->limits, text + used, sizeof(text) - (size_t)used);
	if (result < 0)
		allot_check_not_done(guard, result);
	else if (result)
		allot_check_fail(guard, text);
}

#ifdef __cplusplus
}
#endif

#define ALLOT_NO_LEAKS ALLOT_CHECK_BLOCK_("ALLOT_NO_LEAKS", .live = 0)
#define ALLOT_BUDGET(...) ALLOT_CHECK_BLOCK_("ALLOT_BUDGET(" #__VA_ARGS__ ")", __VA_ARGS__)
#define ALLOT_CHECK_BLOCK_(what, ...) ALLOT_CHECK_AT_(what, ALLOT_JOIN(allot_check_, __COUNTER__), __VA_ARGS__)

/* True once, when it has begun. */
#define ALLOT_CHECK_BEGINS_(guard)                                                                                     \
	(guard.once && ((void)(guard.once = 0),                                                                        \
			(void)(guard.begun = allot_budget_find()(guard.file, guard.line, &guard,                       \
								 __builtin_frame_address(0), &guard.budget)),          \
			1))

#ifdef __cplusplus

#include <exception>
#include <type_traits>

/* Tells a limit of 0 from none. */
struct allot_limit {
	unsigned long long value;

	allot_limit() : value(ALLOT_NO_LIMIT)
	{
	}
	template <typename T, typename = typename std::enable_if<std::is_integral<T>::value>::type>
	allot_limit(T limit) : value(static_cast<unsigned long long>(limit))
	{
	}
};

struct allot_limits_given {
	allot_limit peak = {}, live = {}, count = {}, ever = {};
};

struct allot_check_block : allot_check_guard {
	int exceptions;

	allot_check_block(const char *what_, const char *file_, int line_, allot_check_failed_fn *failed_,
			  const allot_limits_given &given)
	    : allot_check_guard(), exceptions(std::uncaught_exceptions())
	{
		limits.peak = given.peak.value;
		limits.live = given.live.value;
		limits.count = given.count.value;
		limits.ever = given.ever.value;
		once = 1;
		what = what_;
		file = file_;
		line = line_;
		failed = failed_;
	}
	/* The failure function may throw. An exception on its way is not to be mistaken for a leak. */
	~allot_check_block() noexcept(false)
	{
		if (std::uncaught_exceptions() > exceptions)
			limits.peak = limits.live = limits.count = limits.ever = ALLOT_NO_LIMIT;
		allot_check_end(this);
	}
	allot_check_block(const allot_check_block &) = delete;
	allot_check_block &operator=(const allot_check_block &) = delete;
};

#define ALLOT_CHECK_AT_(what, guard, ...)                                                                              \
	for (struct allot_check_block guard(what, __FILE__, __LINE__, ALLOT_CHECK_FAIL,                                \
					    allot_limits_given{ __VA_ARGS__ });                                        \
	     ALLOT_CHECK_BEGINS_(guard);)

#else

static inline struct allot_check_guard allot_check_prepare(const char *what, const char *file, int line,
							   allot_check_failed_fn *failed, struct allot_limits limits)
{
	struct allot_check_guard guard = { limits, 0, 0, 1, file, what, line, failed };

	return guard;
}

/* All limits are none but those given, which are initialised once more. */
#define ALLOT_LIMITS_(...)                                                                                             \
	__extension__({                                                                                                \
		_Pragma("GCC diagnostic push")                                                                         \
			_Pragma("GCC diagnostic ignored \"-Woverride-init\"") struct allot_limits allot_limits_ = {    \
				.peak = ALLOT_NO_LIMIT,                                                                \
				.live = ALLOT_NO_LIMIT,                                                                \
				.count = ALLOT_NO_LIMIT,                                                               \
				.ever = ALLOT_NO_LIMIT,                                                                \
				__VA_ARGS__                                                                            \
			};                                                                                             \
		_Pragma("GCC diagnostic pop") allot_limits_;                                                           \
	})

#define ALLOT_CHECK_AT_(what, guard, ...)                                                                              \
	for (struct allot_check_guard guard __attribute__((cleanup(allot_check_end))) =                                \
		     allot_check_prepare(what, __FILE__, __LINE__, ALLOT_CHECK_FAIL, ALLOT_LIMITS_(__VA_ARGS__));      \
	     ALLOT_CHECK_BEGINS_(guard);)

#endif

#endif
