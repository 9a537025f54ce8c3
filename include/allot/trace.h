/* SPDX-License-Identifier: MIT */
/*
 * What a program says to its tracer, and asks of it. Include this and ship it: there is nothing to link. While the program
 * runs traced (`allot run`, LD_PRELOAD=liballot.so, or linked with -lallot) each call reaches the tracer; otherwise it
 * does nothing, says ALLOT_NOT_TRACING, and costs a load and a branch. C11 and C++17, gcc and clang; in programs, in
 * libraries, also those opened by dlopen; in static programs, which are never traced, too. allot-trace(3) has it all at length.
 *
 * The semantics are those of CPython's tracemalloc; where C needs something else, it says so here.
 *
 * Calls return 0 or a number of use, or a negative errno. They may be made by any thread, at any time, but not in signal
 * handlers. None of them changes errno or allocates with malloc. Those that need exact numbers wait until all that was
 * recorded before the call, by any thread, is counted; -EBUSY means that another process, which reads what was recorded,
 * was stopped in the middle of it, and that nothing was done.
 */
#ifndef ALLOT_TRACE_H
#define ALLOT_TRACE_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What each call says when the program is not traced, or tracing has been stopped. */
#define ALLOT_NOT_TRACING (-ENODATA)

/* A limit for stacks that is none. */
#define ALLOT_FULL_STACK 65535

/* What a block of allot/check.h may allocate; each is ALLOT_NO_LIMIT or a limit. */
#define ALLOT_NO_LIMIT (~0ULL)

struct allot_limits {
	unsigned long long peak, live, count, ever;
};

/* What allot_check_leaks of leaks.h finds. */
struct allot_leak_counts {
	struct allot_leak_count {
		size_t bytes, blocks;
	} definite, indirect, possible, reachable;
};

/*
 * What liballot-object tells of a program's objects, for snapshots; between the two libraries, of no use to others. The
 * tracer calls the library in a copy of the process, in which nothing else runs, as at any instruction of its threads.
 */
struct allot_object_facts {
	const void *address;
	const void *block; /* that it lies in, with what is in front of the object */
	size_t size;       /* with what is in front */
	const char *type;
	int refs;
	unsigned heap;
	unsigned flags; /* ALLOT_OBJECT_ */
};

#define ALLOT_OBJECT_TRACKED 1u /* the collector sees it */
#define ALLOT_OBJECT_FROZEN 2u  /* it would, were it not in the permanent generation */
#define ALLOT_OBJECT_IMMORTAL 4u

/* Each function but `blocks` returns 0 or a negative errno, which is to be returned by whoever called it. */
struct allot_object_sink {
	size_t size; /* of this struct, which grows at its end */
	void *context;
	int lenient; /* what is in the middle of a change is to be left out, instead of giving up with -EAGAIN */
	/* Calls visit for every block of the domain that is live. Returns how many; 0 also if they are not all known. */
	size_t (*blocks)(void *context, void (*visit)(void *data, const void *address), void *data);
	/* The next object: the first is number 0. */
	int (*object)(void *context, const struct allot_object_facts *facts);
	/* A reference between two. field: NULL if its name is not known; item: of an array, from 0; else -1. */
	int (*reference)(void *context, unsigned from, unsigned to, const char *field, long item);
	/* Something was left out. */
	void (*omitted)(void *context);
};

/* Tells all objects, then all references. It may call malloc as little as a signal handler. */
typedef int allot_object_walk(const struct allot_object_sink *sink);

/*
 * How calls find the tracer: a table that it exports as `allot_api`. It grows at its end; `size` tells how far it goes in
 * the tracer that is there, which may be older than this header. The functions are also exported by the names that
 * they have below, for languages that do not read this header.
 */
struct allot_api {
	size_t size;
	int (*start)(int frames);
	int (*stop)(void);
	int (*is_tracing)(void);
	int (*get_traced_memory)(size_t *current, size_t *peak);
	int (*reset_peak)(void);
	int (*clear_traces)(void);
	int (*get_traceback_limit)(void);
	size_t (*get_overhead)(void);
	int (*get_domain_traceback)(int domain, const void *pointer, void **frames, int capacity);
	int (*domain)(const char *name);
	int (*track)(int domain, const void *pointer, size_t size);
	int (*untrack)(int domain, const void *pointer);
	int (*take_snapshot)(const char *path);
	int (*take_snapshot_in_memory)(void **data, size_t *size);
	void (*free_snapshot)(void *data, size_t size);
	unsigned long long (*region_begin)(const char *name);
	void (*region_end)(unsigned long long region);
	unsigned long long (*region_enter)(const char *name, void *guard, const void *frame);
	int (*mark)(const char *name);
	int (*budget_enter)(const char *file, int line, void *guard, const void *frame,
			    unsigned long long *budget);
	int (*budget_leave)(unsigned long long budget, const struct allot_limits *limits, char *text, size_t size);
	int (*check_leaks)(struct allot_leak_counts *found);
	int (*leak_ignore)(const void *block);
	void (*leaks_disable)(void);
	void (*leaks_enable)(void);
	int (*root_register)(const void *memory, size_t size);
	int (*root_unregister)(const void *memory, size_t size);
	int (*objects_announce)(int domain, allot_object_walk *walk);
	void *(*domain_calloc)(int domain, size_t count, size_t size);
	void (*domain_free)(int domain, void *block);
};


#ifndef ALLOT_TRACE_TYPES_ONLY

/*
 * The table, or NULL. The reference is weak, and written down so that it goes by the global offset table even where the
 * compiler would have the linker fix the address: an executable that is not position-independent would fix it at 0.
 */
#if defined(__ELF__) && defined(__GNUC__) && defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__))
#define ALLOT_API_BY_ASSEMBLER 1
#elif defined(__ELF__) && defined(__GNUC__)
extern const struct allot_api allot_api __attribute__((weak));
#endif

static inline const struct allot_api *allot_api_find(void)
{
#if defined(ALLOT_API_BY_ASSEMBLER) && defined(__x86_64__)
	const struct allot_api *api;

	__asm__(".weak allot_api\n\t"
		"mov{q allot_api@GOTPCREL(%%rip), %0| %0, QWORD PTR allot_api@GOTPCREL[rip]}"
		: "=r"(api));
	return api;
#elif defined(ALLOT_API_BY_ASSEMBLER)
	const struct allot_api *api;

	__asm__(".weak allot_api\n\t"
		"adrp %0, :got:allot_api\n\t"
		"ldr %0, [%0, #:got_lo12:allot_api]"
		: "=r"(api));
	return api;
#elif defined(__ELF__) && defined(__GNUC__)
	return &allot_api;
#else
	return NULL; /* nothing is traced there */
#endif
}

/* Whether the tracer is there, and has this function. */
#define ALLOT_API_HAS(api, function)                                                                                   \
	((api) && (api)->size >= offsetof(struct allot_api, function) + sizeof((api)->function) && (api)->function)

/* ---- tracing ---- */

/*
 * Starts tracing, from now on, and keeps the innermost `frames` frames of each stack: 1 to ALLOT_FULL_STACK. What was
 * allocated before is not known. Does nothing if tracing has begun already, as it has when a traced program starts,
 * unless the environment says ALLOT=0: the limit stays as it was. -EINVAL: no such limit, or the environment says nonsense.
 * Other errors: the store for what is recorded could not be made.
 */
static inline int allot_start(int frames)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, start) ? api->start(frames) : ALLOT_NOT_TRACING;
}

/* Stops tracing and forgets all that was recorded. */
static inline int allot_stop(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, stop) ? api->stop() : ALLOT_NOT_TRACING;
}

/* 1 or 0. */
static inline int allot_is_tracing(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, is_tracing) ? api->is_tracing() : 0;
}

/* How many frames of each stack are kept; the last limit while tracing is stopped. 0 without a tracer. */
static inline int allot_get_traceback_limit(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, get_traceback_limit) ? api->get_traceback_limit() : 0;
}

/* ---- how much ---- */

/* Bytes that are live now, and most that ever were, in all domains. Both 0 when not tracing. NULL is fine. */
static inline int allot_get_traced_memory(size_t *current, size_t *peak)
{
	const struct allot_api *api = allot_api_find();

	if (ALLOT_API_HAS(api, get_traced_memory))
		return api->get_traced_memory(current, peak);
	if (current)
		*current = 0;
	if (peak)
		*peak = 0;
	return ALLOT_NOT_TRACING;
}

/* Makes what is live now the peak. */
static inline int allot_reset_peak(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, reset_peak) ? api->reset_peak() : ALLOT_NOT_TRACING;
}

/* Forgets all that was recorded, current and peak are 0, and goes on tracing. Nobody wonders about frees of forgotten blocks. */
static inline int allot_clear_traces(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, clear_traces) ? api->clear_traces() : ALLOT_NOT_TRACING;
}

/* Bytes that the tracer itself uses for what it records (tracemalloc's get_tracemalloc_memory). 0 without one. */
static inline size_t allot_get_overhead(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, get_overhead) ? api->get_overhead() : 0;
}

/* ---- where from ---- */

/*
 * The stack that a block was allocated by, as backtrace(3) has it: return addresses, innermost first. Fills in `capacity`
 * of them at the most and returns how many there are, which may be more; `frames` may be NULL when capacity is 0. The
 * pointer is that of the block itself, not one into it. -ENOENT: no such block is known. A block of a domain other than
 * malloc's is asked for with its domain.
 */
static inline int allot_get_domain_traceback(int domain, const void *pointer, void **frames, int capacity)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, get_domain_traceback) ? api->get_domain_traceback(domain, pointer, frames, capacity)
							: ALLOT_NOT_TRACING;
}

static inline int allot_get_traceback(const void *pointer, void **frames, int capacity)
{
	return allot_get_domain_traceback(0, pointer, frames, capacity);
}

/* ---- a program's own pools ---- */

/*
 * The number of a domain of the program's own, by its name, which reports show; a new one if the name is new. It stays the
 * same whether tracing is on or off, and in forked children. -EINVAL: the name is empty or longer than 63 bytes,
 * -ENOSPC: there are 1000 domains already.
 */
static inline int allot_domain(const char *name)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, domain) ? api->domain(name) : ALLOT_NOT_TRACING;
}

static inline int allot_track_nothing(int domain, const void *pointer, size_t size)
{
	(void)domain;
	(void)pointer;
	(void)size;
	return ALLOT_NOT_TRACING;
}

typedef int allot_track_function(int domain, const void *pointer, size_t size);

static inline allot_track_function *allot_track_find(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, track) ? api->track : allot_track_nothing;
}

/*
 * int allot_track(int domain, const void *pointer, size_t size)
 *
 * Says that a block has come from a pool of the program's own; it is recorded with the calling stack. A block that is
 * tracked already gets this size and stack. A block stays tracked until it is untracked, whatever is freed. domain: from
 * allot_domain, or any number from 2 to 65535 that the program likes (0 is malloc, 1 is mmap). -EINVAL: no such domain, or
 * pointer or size has more than 48 bits. -ENOMEM: there is no room to record it.
 *
 * A macro, so that no frame of this header is in the stack.
 */
#define allot_track(domain, pointer, size) (allot_track_find()((domain), (pointer), (size)))

/* Says that the block has gone back. One that is not tracked is none's business: 0. */
static inline int allot_untrack(int domain, const void *pointer)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, untrack) ? api->untrack(domain, pointer) : ALLOT_NOT_TRACING;
}

static inline void *allot_domain_calloc_plain(int domain, size_t count, size_t size)
{
	(void)domain;
	return calloc(count, size);
}

typedef void *allot_domain_calloc_function(int domain, size_t count, size_t size);

static inline allot_domain_calloc_function *allot_domain_calloc_find(void)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, domain_calloc) ? api->domain_calloc : allot_domain_calloc_plain;
}

/*
 * void *allot_domain_calloc(int domain, size_t count, size_t size)
 *
 * calloc's memory for what is too large for a pool of the program's own: it is recorded as a block of the domain instead of
 * malloc's. For leaks it is a block as all others. To be given back by allot_domain_free with the same domain; free would be
 * that of a block that nobody knows. Without a tracer, calloc. NULL without memory.
 *
 * A macro, as allot_track.
 */
#define allot_domain_calloc(domain, count, size) (allot_domain_calloc_find()((domain), (count), (size)))

/* Untracks the block and gives it back; nothing else does. NULL is fine. Without a tracer, free. */
static inline void allot_domain_free(int domain, void *block)
{
	const struct allot_api *api = allot_api_find();

	if (ALLOT_API_HAS(api, domain_free))
		api->domain_free(domain, block);
	else
		free(block);
}

/* ---- snapshots ---- */

/*
 * Writes what is recorded at this moment to a file, which `allot report` and all other commands read. A file that is
 * there is replaced when the new one is complete.
 */
static inline int allot_take_snapshot(const char *path)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, take_snapshot) ? api->take_snapshot(path) : ALLOT_NOT_TRACING;
}

/*
 * The same bytes in memory, which is the caller's until allot_free_snapshot. Not from malloc, so that taking a snapshot
 * does not show in the next one.
 */
static inline int allot_take_snapshot_in_memory(void **data, size_t *size)
{
	const struct allot_api *api = allot_api_find();

	return ALLOT_API_HAS(api, take_snapshot_in_memory) ? api->take_snapshot_in_memory(data, size)
							   : ALLOT_NOT_TRACING;
}

/* NULL is fine. */
static inline void allot_free_snapshot(void *data, size_t size)
{
	const struct allot_api *api = allot_api_find();

	if (ALLOT_API_HAS(api, free_snapshot))
		api->free_snapshot(data, size);
}

#endif /* ALLOT_TRACE_TYPES_ONLY */

#ifdef __cplusplus
}
#endif

#ifndef ALLOT_TRACE_TYPES_ONLY
#include <allot/region.h>
#include <allot/leaks.h>
#endif

#endif
