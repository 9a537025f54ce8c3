/* SPDX-License-Identifier: MIT */
/*
 * liballot-snapshot: snapshots of who allocated a program's memory, to be loaded, filtered, grouped, compared and printed.
 * `pkg-config --cflags --libs allot-snapshot` says how to build with it; allot-snapshot(3) has examples.
 *
 * The semantics are those of CPython's tracemalloc (Snapshot, Filter, Statistic, StatisticDiff, Traceback); where C needs
 * something else it is said at the function.
 *
 * Errors: functions that can fail return 0 or a negative errno and leave their outputs as they were; those that take a struct
 * allot_error put one line into it (NULL is fine). -ENOMEM is always possible. What is malloc'ed for the caller is NULL when
 * out of memory, and freed by free().
 *
 * Ownership: what a handle gives out as a pointer to const is the handle's and lives as long. Handles may be freed in any
 * order: statistics and tracebacks keep what they need of their snapshots. Freeing NULL does nothing.
 *
 * Threads: what is made does not change any more, so any number of threads may use the same handle at the same time. Names
 * are looked up when they are first needed, by one thread while others wait. A handle is freed by one thread, when nobody
 * uses it any more.
 *
 * Names are as they were recorded: any bytes but NUL, not always UTF-8.
 */
#ifndef ALLOT_SNAPSHOT_H
#define ALLOT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <allot/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * A snapshot: who has allocated what, at one moment, and what the addresses are called. CPython: tracemalloc.Snapshot, but
 * with sums for each call site instead of single traces.
 */
typedef struct allot_snapshot_handle allot_snapshot_t;

/*
 * Called now and then while names are looked up: what is done ("reading symbols of cc1plus"), how far of how many. It must
 * not use the snapshot.
 */
typedef void allot_progress_fn(void *context, const char *what, uint64_t done, uint64_t total);

struct allot_count {
	uint64_t bytes;  /* requested bytes */
	uint64_t blocks; /* number of blocks */
};

struct allot_snapshot_totals {
	struct allot_count live; /* not freed when the snapshot was taken */
	struct allot_count peak; /* live at the moment when most bytes were */
	struct allot_count ever; /* all that was allocated */
	struct allot_count
		temporary; /* freed by the thread that allocated it, which had allocated nothing else meanwhile */
	uint64_t frees;
};

/* Loading and keeping */

/*
 * Reads a file: a snapshot file, the store that a traced program writes or has left behind, or a snapshot as JSON
 * (allot_snapshot_dump_json). -EBADMSG: it is none of these, or damaged; -ENOTSUP: it was made by a newer allot.
 */
int allot_snapshot_load(const char *path, allot_snapshot_t **out, struct allot_error *error);

/* The same from memory, which may go afterwards. name is for errors. */
int allot_snapshot_load_memory(const void *data, size_t size, const char *name, allot_snapshot_t **out,
			       struct allot_error *error);

/*
 * Writes a snapshot file, with all names that were looked up so far (allot_snapshot_resolve looks up all), so that it can be
 * read on another machine. An older file of that name stays as it was until the new one is whole.
 */
int allot_snapshot_dump(const allot_snapshot_t *snapshot, const char *path, struct allot_error *error);

void allot_snapshot_free(allot_snapshot_t *snapshot);

/* Who is told how far looking up names is. To be called before other threads use the snapshot; fn NULL: nobody. */
void allot_snapshot_set_progress(allot_snapshot_t *snapshot, allot_progress_fn *fn, void *context);

/* Looks up the names of all frames. */
int allot_snapshot_resolve(const allot_snapshot_t *snapshot, struct allot_error *error);

/* Filtering */

/*
 * One filter; all zero matches everything. It matches a call site if all its conditions do: those on frames with one frame,
 * the most recent one that is no allocation function, or with all_frames any from there on. Patterns are those of Python's
 * fnmatch: `*`, `?`, `[a-z]`, `[!a-z]`, always for the whole name, case matters.
 *
 * CPython: tracemalloc.Filter and DomainFilter; functions, modules and regions are allot's own.
 */
struct allot_filter {
	bool exclude;    /* drops what it matches; CPython: not inclusive */
	bool all_frames; /* look at all frames, not only at the most recent one */
	bool match_line; /* line counts, also 0 */
	uint32_t line;
	const char *file;     /* pattern; NULL: any. Where no source file is known, the module's path takes its place */
	const char *function; /* pattern of the demangled name; NULL: any. An unknown function has the name "" */
	const char *module;   /* pattern of the path of the program or library; NULL: any */
	const char *domain;   /* the name of a domain, or its number; NULL: any */
	const char *region;   /* the name of a region that the blocks were allocated in; NULL: any */
	void *memory;         /* allot_filter_parse's; NULL in a filter of your own */
};

/*
 * Reads a filter as the command line has it: a sign, `+` for what to keep (also when there is none) or `-` for what to drop,
 * and one of
 *
 *   FILE, FILE:LINE, FILE:FUNCTION    patterns; a FUNCTION is what does not consist of digits
 *   file=FILE  function=FUNCTION  module=MODULE  domain=NAME  region=NAME
 *
 * as in "+/src/mylib/?*", "-*:main", "-module=/usr/lib/?*". -EINVAL: it is none of these. To be freed by
 * allot_filter_release.
 */
int allot_filter_parse(const char *text, struct allot_filter *out, struct allot_error *error);
void allot_filter_release(struct allot_filter *filter);

/* Does the pattern match the whole text? */
bool allot_glob_match(const char *pattern, const char *text);

/*
 * A new snapshot of the call sites that the filters keep: those that any inclusive filter matches, or all if there is none,
 * but for those that an exclusive one matches. No filters make a copy. The snapshot itself stays as it was.
 *
 * The new one's totals are those of what it has kept. What concerns the whole run stays as it was: the trust header, the
 * time series, the marks. CPython: Snapshot.filter_traces.
 */
int allot_snapshot_filter(const allot_snapshot_t *snapshot, const struct allot_filter *filters, size_t count,
			  allot_snapshot_t **out, struct allot_error *error);

/* Grouping and printing */

/* What groups are. CPython's key types are line ("lineno"), file ("filename") and stack ("traceback"). */
enum allot_group_by {
	ALLOT_GROUP_LINE,
	ALLOT_GROUP_FUNCTION,
	ALLOT_GROUP_FILE,
	ALLOT_GROUP_MODULE,
	ALLOT_GROUP_STACK,
	ALLOT_GROUP_DOMAIN,
	ALLOT_GROUP_REGION,
	ALLOT_GROUPS,
};

/* What groups are ranked by. */
enum allot_measure {
	ALLOT_MEASURE_AUTO, /* live; if nothing is live, as at the end of a tidy program, peak */
	ALLOT_MEASURE_LIVE,
	ALLOT_MEASURE_PEAK,
	ALLOT_MEASURE_EVER,
	ALLOT_MEASURE_COUNT, /* all that was ever allocated, by number of blocks before bytes */
	ALLOT_MEASURE_TEMPORARY,
	ALLOT_MEASURES,
};

enum allot_format {
	ALLOT_FORMAT_TEXT,
	ALLOT_FORMAT_JSON,
	ALLOT_FORMAT_MARKDOWN,
	ALLOT_FORMAT_CSV,
	ALLOT_FORMATS,
};

/* "line", "function" …; "auto", "live" …; "text", "json" …; NULL: there is no such one. */
const char *allot_group_by_name(enum allot_group_by group_by);
const char *allot_measure_name(enum allot_measure measure);
const char *allot_format_name(enum allot_format format);

struct allot_statistics_options {
	enum allot_group_by group_by;
	enum allot_measure measure;
	/*
	 * Count each block on every frame of its stack, not only on the most recent one. As in CPython, a
	 * function that calls itself counts a block once for each of its frames. With regions: in each region around it.
	 * Not with stack or domain.
	 */
	bool cumulative;
	/* Leave out sites that have nothing of the measure: fewer addresses need names. */
	bool skip_empty;
};

/* What a report looks like; all zero is the one of `allot report`. */
struct allot_report_options {
	enum allot_group_by group_by;
	enum allot_measure measure;
	enum allot_format format;
	bool cumulative; /* see struct allot_statistics_options */
	/*
	 * In text, when no measure was asked for and most of what was live at the peak is gone: a second list, by
	 * peak. At the end of a tidy program what is live tells little.
	 */
	bool also_peak;
	bool leaks; /* what is live was leaked: headings say so; for ALLOT_MEASURE_LIVE */
	/*
	 * How many groups at most; 0: ten in text and Markdown, all in JSON and CSV. Text and Markdown leave out groups
	 * that have nothing of the measure (in a diff: unchanged ones); JSON and CSV have every group.
	 */
	uint32_t top;
	unsigned width; /* of the terminal, to fit long names in; 0: not a terminal, nothing is cut */
};

/*
 * Writes a report of a snapshot; with older (not NULL) of how it differs from that. -EINVAL for cumulative with stack or
 * domain. Errors of the stream are left for its owner to see (ferror).
 */
int allot_snapshot_report(const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
			  const struct allot_report_options *options, FILE *out, struct allot_error *error);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
