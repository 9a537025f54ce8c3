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
#include <allot/model.h>

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

/*
 * Writes the snapshot as JSON, all names looked up, which allot_snapshot_load reads again: into one that gives the same
 * statistics. allot-snapshot(3) has the schema. What is no UTF-8 in names is replaced by U+FFFD, numbers stop at 2^63 - 1,
 * single blocks and what the reference unwinder found are left out. Errors of the stream are left for its owner to see
 * (ferror).
 */
int allot_snapshot_dump_json(const allot_snapshot_t *snapshot, FILE *out, struct allot_error *error);

/* Looking into it */

/* Of which process, and when. */
struct allot_process {
	uint64_t pid;
	const char *program;     /* path of the executable */
	const char *command;     /* its arguments, joined by spaces */
	const char *note;        /* "" if there is nothing to say */
	uint64_t start_time_ns;  /* CLOCK_REALTIME at its start */
	uint64_t time_ns;        /* when the snapshot was taken, since the start */
	uint64_t peak_time_ns;   /* when the peak was, since the start */
	uint64_t overhead_bytes; /* memory that the tracer took */
	uint64_t sampling_bytes; /* one block in about so many bytes was recorded: counts are estimates; 0: all were */
	uint32_t depth_limit;    /* of stacks; 0: none */
};

/* Fill in *out. */
void allot_snapshot_process(const allot_snapshot_t *snapshot, struct allot_process *out);
void allot_snapshot_totals(const allot_snapshot_t *snapshot, struct allot_snapshot_totals *out);

/*
 * Which filters it was made by, as the command line has them, with ", " between; those that it was filtered by before that
 * come first, with "; " behind. *out is what the totals were before them all. NULL, and *out as it was: it is whole.
 */
const char *allot_snapshot_filters(const allot_snapshot_t *snapshot, struct allot_snapshot_totals *out);

const struct allot_trust *allot_snapshot_trust(const allot_snapshot_t *snapshot);

/*
 * The trust header in words, a line for each thing that a reader must know before believing the numbers, as at the end of a
 * report; looks the names of all live call sites up. To be freed by free(); NULL: no memory.
 */
char *allot_snapshot_trust_text(const allot_snapshot_t *snapshot);

/* How many of the live bytes come from functions whose names are not known. */
int allot_snapshot_unsymbolized(const allot_snapshot_t *snapshot, uint64_t *bytes, struct allot_error *error);

/* How many there are, and each by its number from 0 on; NULL: there are fewer. */

size_t allot_snapshot_module_count(const allot_snapshot_t *snapshot);
const struct allot_module *allot_snapshot_module(const allot_snapshot_t *snapshot, size_t number); /* 0: of no file */

size_t allot_snapshot_domain_count(const allot_snapshot_t *snapshot);
const char *allot_snapshot_domain(const allot_snapshot_t *snapshot, size_t number);

size_t allot_snapshot_region_count(const allot_snapshot_t *snapshot);
const struct allot_program_region *allot_snapshot_region(const allot_snapshot_t *snapshot, size_t number); /* 0: none */

size_t allot_snapshot_mark_count(const allot_snapshot_t *snapshot);
const struct allot_mark *allot_snapshot_mark(const allot_snapshot_t *snapshot, size_t number);

size_t allot_snapshot_sample_count(const allot_snapshot_t *snapshot);
const struct allot_sample *allot_snapshot_sample(const allot_snapshot_t *snapshot, size_t number);

/* Whether it has a table of objects: the program uses liballot-object. See ALLOT_GROUP_TYPE. */
bool allot_snapshot_has_objects(const allot_snapshot_t *snapshot);

size_t allot_snapshot_site_count(const allot_snapshot_t *snapshot);
const struct allot_site *allot_snapshot_site(const allot_snapshot_t *snapshot, size_t number);

/* Stacks */

/* The frames of a stack, the most recent first; not those of allocation functions. */
typedef struct allot_traceback_handle allot_traceback_t;

struct allot_traceback_frame {
	const char *function;              /* demangled; NULL: unknown */
	const char *file;                  /* NULL: unknown */
	uint32_t line;                     /* 0: unknown */
	bool inlined;                      /* into the next frame */
	uint64_t address;                  /* in the module's file; where there is none, of the process */
	const struct allot_module *module; /* NULL: code of no file */
};

/* How a stack ends. */
enum allot_stack_end {
	ALLOT_STACK_NONE,      /* there is none */
	ALLOT_STACK_WHOLE,     /* at the first function of the thread */
	ALLOT_STACK_TRUNCATED, /* early: unwind data was missing or broken */
	ALLOT_STACK_LIMITED,   /* at the depth limit */
};

/* The stack of a site. -ERANGE: there is no such site. To be freed by allot_traceback_free. */
int allot_snapshot_traceback(const allot_snapshot_t *snapshot, size_t site, allot_traceback_t **out,
			     struct allot_error *error);
void allot_traceback_free(allot_traceback_t *traceback);

/* How many frames there are, and each from 0, the most recent, on; NULL: there are fewer. CPython counts from the oldest. */
size_t allot_traceback_count(const allot_traceback_t *traceback);
const struct allot_traceback_frame *allot_traceback_frame(const allot_traceback_t *traceback, size_t number);
enum allot_stack_end allot_traceback_end(const allot_traceback_t *traceback);

/* For allot_traceback_format: all frames. */
#define ALLOT_ALL_FRAMES INT32_MAX

/*
 * The frames as lines `  File "F", line N, in FUNCTION`, each with `    ` and the line of the source below it, if that is to
 * be had and not blank; without `, in FUNCTION` where that is not known; `  MODULE+0xOFFSET` where no file is. limit > 0: that
 * many, the most recent ones; < 0: as many of the most recent ones are left out; 0: none. The oldest come first if not said
 * otherwise. To be freed by free(); NULL: no memory. CPython: Traceback.format.
 */
char *allot_traceback_format(const allot_traceback_t *traceback, int32_t limit, bool most_recent_first);

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
	const char *region;   /* the name of a region around the allocations: "parse", "request/parse"; NULL: any */
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
 * time series, the marks, the regions' own counts. CPython: Snapshot.filter_traces.
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
	/*
	 * The objects of liballot-object by their types, each as large as the program says; all else is one group more. Only what
	 * is live, and only if the snapshot has a table of objects (allot_snapshot_has_objects).
	 */
	ALLOT_GROUP_TYPE,
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
	 * Not with stack, domain or type.
	 */
	bool cumulative;
	/* Leave out call sites that have nothing of the measure: fewer addresses need names. */
	bool skip_empty;
	bool objects_only; /* with type: without what is no object */
};

/* Groups of call sites with their sums, in order. */
typedef struct allot_statistics_handle allot_statistics_t;

/*
 * Groups the call sites of a snapshot. The order is descending by (size, count, stack) of the measure; for
 * ALLOT_MEASURE_COUNT by (count, size, stack). Stacks compare from their oldest frame on, each by the bytes of its file's name
 * and then its line as a number; a longer one is greater than its own beginning. Equal sums so come out in reverse
 * alphabetical order, as in CPython. -EINVAL: cumulative with stack, domain or type, another measure than live
 * with type, or what is no choice at all. -ENODATA: by type, and there is no table of objects.
 * To be freed by allot_statistics_free. CPython: Snapshot.statistics.
 */
int allot_snapshot_statistics(const allot_snapshot_t *snapshot, const struct allot_statistics_options *options,
			      allot_statistics_t **out, struct allot_error *error);

/*
 * How a snapshot differs from an older one: the union of their groups. Unchanged ones are kept, those that are gone have
 * nothing but their differences. The order is descending by (|size_diff|, size, |count_diff|, count, stack); for
 * ALLOT_MEASURE_COUNT counts come before sizes. Groups are the same if they have the same text: addresses are not
 * compared. CPython: Snapshot.compare_to.
 */
int allot_snapshot_compare(const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
			   const struct allot_statistics_options *options, allot_statistics_t **out,
			   struct allot_error *error);

void allot_statistics_free(allot_statistics_t *statistics);

/* One group, or the total. CPython: Statistic and StatisticDiff. */
struct allot_statistic {
	/*
	 * "file:line", "function (file)", "file:0", the module's path, the names of a domain or of regions; where no file is
	 * known "module+0xoffset". Of a stack the most recent frame. NULL in a total. It is the statistics'.
	 */
	const char *name;
	uint64_t size, count;          /* of the measure: bytes, blocks */
	int64_t size_diff, count_diff; /* of a comparison; otherwise 0 */
	/* What they may be off by, where blocks were sampled: standard errors; otherwise 0. */
	double size_error, count_error, size_diff_error, count_diff_error;
	struct allot_count live, peak, ever, temporary; /* 0 if it is gone */
	uint64_t sites;                                 /* stacks it was summed from; in cumulative groups, frames */
	bool gone;                                      /* in the older snapshot only */
};

/* What it is ranked by: never ALLOT_MEASURE_AUTO, but what that stood for. */
enum allot_measure allot_statistics_measure(const allot_statistics_t *statistics);
size_t allot_statistics_count(const allot_statistics_t *statistics);

/* Fills in *out with group `number` from 0 on. -ERANGE: there are fewer. */
int allot_statistics_group(const allot_statistics_t *statistics, size_t number, struct allot_statistic *out);
/* Fills in *out with the sums of the whole snapshot, whatever the groups hold. */
void allot_statistics_total(const allot_statistics_t *statistics, struct allot_statistic *out);

/* The group's whole name, to be freed by free(): of a stack all frames, the most recent first, with `;` between. */
char *allot_statistics_key(const allot_statistics_t *statistics, size_t number);

/*
 * The group as CPython has it: "NAME: size=66 B, count=1, average=66 B", of a comparison "NAME: size=5002 B (+5000 B),
 * count=2 (+1), average=2501 B"; no average where the count is 0. With standard errors, where blocks were sampled. To be
 * freed by free(); NULL: no memory, or no such group.
 */
char *allot_statistics_format(const allot_statistics_t *statistics, size_t number);

/* The stack of the group's largest site, from the frame that gave the name on. -ERANGE: there is no such group. */
int allot_statistics_traceback(const allot_statistics_t *statistics, size_t number, allot_traceback_t **out,
			       struct allot_error *error);

/* Room for a size as text. */
#define ALLOT_SIZE_TEXT 32

/*
 * A size as people read it: in the first unit of B, KiB, MiB, GiB, TiB that suits, with one decimal below 100 (but for B)
 * and none below 10240. With a sign always, "+0 B" too, if asked for. Returns the buffer. CPython: _format_size.
 */
const char *allot_format_size(char buffer[ALLOT_SIZE_TEXT], double bytes, bool sign);

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
	bool objects; /* with ALLOT_GROUP_TYPE: without what is no object; headings say so */
	/*
	 * How many groups at most; 0: ten in text and Markdown, all in JSON and CSV. Text and Markdown leave out groups
	 * that have nothing of the measure (in a diff: unchanged ones); JSON and CSV have every group.
	 */
	uint32_t top;
	unsigned width; /* of the terminal, to fit long names in; 0: not a terminal, nothing is cut */
};

/*
 * Writes a report of a snapshot; with older (not NULL) of how it differs from that. -EINVAL, -ENODATA as for
 * allot_snapshot_statistics. Errors of the stream are left for its owner to see (ferror).
 */
int allot_snapshot_report(const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
			  const struct allot_report_options *options, FILE *out, struct allot_error *error);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
