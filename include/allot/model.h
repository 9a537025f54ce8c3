/* SPDX-License-Identifier: MIT */
/*
 * What a snapshot consists of. Users of the library get all of these as pointers to const, or filled in, and never make one of
 * their own; strings belong to the snapshot.
 */
#ifndef ALLOT_MODEL_H
#define ALLOT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

struct allot_count {
	uint64_t bytes;  /* requested bytes */
	uint64_t blocks; /* number of blocks */
};

/* The estimated variance of a count that is itself an estimate; its square root is the standard error. 0: exact. */
struct allot_variance {
	double bytes, blocks;
};

struct allot_snapshot_totals {
	struct allot_count live; /* not freed when the snapshot was taken */
	struct allot_count peak; /* live at the moment when most bytes were */
	struct allot_count ever; /* all that was allocated */
	/* Freed by the thread that allocated it, which had allocated nothing else meanwhile. */
	struct allot_count temporary;
	uint64_t frees;
};

/* The domains that every program has; its own come after them. */
enum { ALLOT_DOMAIN_MALLOC = 0, ALLOT_DOMAIN_MMAP = 1 };

/* A call site: a stack in a domain and a region, and what was allocated there. */
struct allot_site {
	uint32_t stack;  /* sites of equal numbers have equal stacks; otherwise of no meaning outside of the library */
	uint32_t domain; /* a number of allot_snapshot_domain() */
	uint32_t region; /* the innermost one around the allocation, by allot_snapshot_region(); 0: none */
	struct allot_count live, peak, ever, temporary;
	uint64_t mismatched; /* blocks freed by the wrong family: new[] by delete, malloc by delete, … */
	/* Of the counts above, if blocks were sampled. Those of different sites are independent of each other. */
	struct allot_variances {
		struct allot_variance live, peak, ever, temporary;
	} variance;
};

/*
 * What was allocated inside ALLOT_REGION(name), in all threads. The counts include those of the regions inside of it, over
 * all domains; the peak is the region's own, whenever that was. With sampled blocks they are estimates, too.
 */
struct allot_program_region {
	char *name;      /* as the program says it, without those around it; never NULL; "" for entry 0 */
	uint32_t parent; /* the region around it; less than its own index; 0: none */
	struct allot_count live, peak, ever, temporary;
};

/* A file that was mapped into the program: itself, or a library. */
struct allot_module {
	char *path;             /* never NULL; "" for entry 0 */
	uint64_t start, end;    /* address range it was mapped at */
	uint64_t bias;          /* what to take from an address to get the ELF file's own address */
	uint8_t build_id[32];   /* the first bytes of it, if longer */
	uint32_t build_id_size; /* 0: has none */
	uint32_t generation;    /* counts the modules that were loaded at an address used before */
	uint64_t truncated;     /* walks that had to stop in this module */
	bool unloaded;          /* was closed before the snapshot */
};

/* Why something was not recorded; lost[] in the trust header counts each. */
enum allot_lost {
	ALLOT_LOST_STORE_FULL,  /* the store could not grow: limit, disk or address space */
	ALLOT_LOST_THREADS,     /* more threads at once than the store has rings */
	ALLOT_LOST_NESTED,      /* signal handlers nested too deep inside the tracer */
	ALLOT_LOST_INTERRUPTED, /* an event was half applied when its drainer was killed */
	ALLOT_LOST_CORRUPT,     /* an index in the store was out of range and not followed */
	ALLOT_LOST_REASONS,
};

enum allot_exit {
	ALLOT_EXIT_RUNNING,  /* still running when the snapshot was taken */
	ALLOT_EXIT_CLEAN,    /* exit, _exit or quick_exit; exit_value is the status */
	ALLOT_EXIT_SIGNALED, /* exit_value is the signal */
	ALLOT_EXIT_EXEC,     /* replaced by another program */
	ALLOT_EXIT_UNKNOWN,  /* gone without a word, and nobody waited for it: killed */
};

/* The trust header: what a reader must know before believing the numbers. */
struct allot_trust {
	uint64_t events;                      /* allocations and frees seen */
	uint64_t walks;                       /* stacks walked */
	uint64_t truncated;                   /* walks that stopped early: unwind data was missing or broken */
	uint64_t limited;                     /* walks cut at the depth limit */
	uint64_t bootstrap;                   /* calls served before the real allocator was known */
	uint64_t unknown_frees;               /* frees of blocks never seen allocated */
	uint64_t inherited_frees;             /* frees of blocks that a forked child got from its parent */
	uint64_t mismatched;                  /* frees by the wrong family */
	uint64_t double_allocations;          /* allocations at an address already live: an uncounted free */
	uint64_t verified, differing;         /* walks compared with the reference unwinder, and those that differ */
	uint64_t children, untraced_children; /* forks seen; of them, those not followed */
	bool stopped;                         /* recording stopped early (see lost[]) */
	enum allot_exit exit;
	int32_t exit_value;
	uint64_t lost[ALLOT_LOST_REASONS]; /* events, by why */
};

/* A moment that the program has named: allot_mark("loaded"). */
struct allot_mark {
	uint64_t time_ns; /* since start */
	uint64_t live_bytes;
	char *name;
};

struct allot_sample {     /* one point of the time series */
	uint64_t time_ns; /* since start */
	uint64_t live_bytes, live_blocks, ever_bytes, ever_blocks;
};

#endif
