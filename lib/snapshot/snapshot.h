/* SPDX-License-Identifier: MIT */
/*
 * The snapshot in memory: a frozen copy of one process's counters, independent of the store it came
 * from. freeze.c makes one from a store, read.c and write.c exchange it with a file, report/ and the
 * commands only read it.
 *
 * Glossary. A *node* is one frame of the stack tree: an address, and the node of its caller. A *stack*
 * is named by its innermost node. A *site* is a stack in a domain and a region, with its counters. A *region* is a
 * part of what the program does, named by itself: ALLOT_REGION("parse").
 */
#ifndef ALLOT_SNAPSHOT_SNAPSHOT_H
#define ALLOT_SNAPSHOT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <allot/model.h>

struct allot_error;

/* Nodes below ALLOT_NODE_FIRST are no frames; they say how a stack ends, or that there is none. */
enum {
	ALLOT_NODE_NONE = 0,      /* no stack was recorded */
	ALLOT_NODE_ROOT = 1,      /* the walk reached the thread's first frame */
	ALLOT_NODE_TRUNCATED = 2, /* the walk had to stop: unwind data was missing or broken */
	ALLOT_NODE_LIMIT = 3,     /* the walk was cut at the configured depth */
	ALLOT_NODE_FIRST = 4,
};

enum { ALLOT_NODE_SIGNAL = 1 }; /* the frame was interrupted by a signal: address is not a return address */

struct allot_node {
	uint64_t address; /* return address, or the interrupted instruction in a signal frame */
	uint32_t parent;  /* the caller's node; always less than the node's own index */
	uint32_t module;  /* index into modules[]; 0: in no known module (JIT code, unmapped) */
	uint32_t flags;   /* ALLOT_NODE_SIGNAL */
};

struct allot_difference { /* a stack on which the walk and the reference unwinder do not agree; nodes */
	uint32_t walked, reference;
};

struct allot_block { /* one live block, if the snapshot carries them */
	uint64_t address, size;
	uint32_t site; /* index into sites[] */
};

/* One source-level frame of an address. An address has several when calls were inlined there. */
struct allot_frame {
	char *function; /* demangled; NULL: unknown */
	char *file;     /* NULL: unknown */
	uint32_t line;  /* 0: unknown */
	bool inlined;   /* this frame was inlined into the next one */
};

/* What an address of a module means, kept in the file so that a rebuilt binary cannot spoil it. */
struct allot_symbol {
	uint32_t module;
	uint64_t address;           /* as in the node: the lookup is at address-1 unless signal is set */
	bool signal;                /* of a frame that was interrupted, or of a signal trampoline */
	uint32_t frame_count;       /* at least 1 */
	struct allot_frame *frames; /* innermost first; all but the last are inlined */
};

/* What became of a live block, by reachability; as memcheck defines it. */
enum allot_leak_class {
	ALLOT_LEAK_DEFINITE,  /* no pointer leads to it */
	ALLOT_LEAK_INDIRECT,  /* only pointers in lost blocks do */
	ALLOT_LEAK_POSSIBLE,  /* only pointers into the middle of blocks do */
	ALLOT_LEAK_REACHABLE,
	ALLOT_LEAKS,
};

enum allot_look_method { /* how the picture was taken that leaks were looked for in */
	ALLOT_LOOK_ALONE,     /* there was one thread, which took it */
	ALLOT_LOOK_PTRACE,    /* all threads were stopped by ptrace */
	ALLOT_LOOK_SIGNALS,   /* the threads were asked by a signal */
	ALLOT_LOOK_METHODS,
};

enum allot_look_step { /* what could not be done */
	ALLOT_LOOK_AT_NOTHING,
	ALLOT_LOOK_AT_LOCK,    /* the drain lock was not to be had */
	ALLOT_LOOK_AT_THREADS, /* a thread could not be stopped, or its registers not be read */
	ALLOT_LOOK_AT_FORK,    /* no copy of the process could be made */
	ALLOT_LOOK_AT_MAPPINGS, /* /proc does not tell what is mapped */
	ALLOT_LOOK_AT_MEMORY,  /* there was not enough for the index */
	ALLOT_LOOK_AT_STORE,   /* there was no room for what was found */
	ALLOT_LOOK_AT_COPY,    /* the copy died while it was looked through */
	ALLOT_LOOK_AT_FILTER,  /* the program has shut itself in: no system calls are made */
	ALLOT_LOOK_AT_SAMPLES, /* only some blocks were recorded */
	ALLOT_LOOK_STEPS,
};

/* What a look for leaks has found. The names of its fields are those of struct allot_leak_look in store/layout.h. */
struct allot_leaks {
	bool looked;       /* there was a look, and it succeeded */
	uint32_t method;   /* enum allot_look_method */
	int32_t error;     /* an errno: there was a look, and it failed, */
	uint32_t failed_step; /* at this: enum allot_look_step */
	uint32_t looks;    /* how many there were in this process */
	uint32_t heuristics; /* ALLOT_SCAN_* */
	uint32_t threads;
	bool at_exit;
	uint64_t stop_ns, scan_ns;
	uint64_t root_bytes, words, unreadable_bytes, blocks;
	uint64_t left_out; /* lost blocks that are not in lost[] */
	struct allot_count counts[ALLOT_LEAKS];
	struct allot_count fresh[ALLOT_LEAKS]; /* what no look before had found */
};

/* What became of a site's live blocks; one for each site and class that has any. */
struct allot_leak_group {
	uint32_t site; /* index into sites[] */
	uint32_t leak_class;
	struct allot_count count;
};

struct allot_leaked { /* a lost block, or one that perhaps is */
	uint64_t address, size;
	uint32_t site;
	uint32_t leak_class;
	uint32_t leader; /* of an indirect one: index into lost[] of the one that leads to it; else its own */
	bool known;      /* an earlier look had found it, too */
};

struct allot_edge { /* a pointer from a lost block to another, or to itself: indices into lost[] */
	uint32_t from, to;
	uint32_t offset; /* where it is in the first */
	uint32_t inside; /* where it points to in the second */
};

/* ALLOT_OBJECT_* of trace.h: which objects the collector of the program sees, and which count for it. */
enum {
	ALLOT_OBJECT_IS_TRACKED = 1,
	ALLOT_OBJECT_IS_FROZEN = 2,
	ALLOT_OBJECT_IS_IMMORTAL = 4,
};

struct allot_table_object { /* an object of liballot-object */
	uint64_t address, size;
	uint32_t type; /* index into names[] */
	uint32_t refs; /* how many references there are to it; nothing if it is immortal */
	uint32_t site; /* index into sites[], + 1; 0: not known */
	uint32_t heap;
	uint32_t flags;
};

struct allot_table_reference { /* one that an object owns: indices into objects[] */
	uint32_t from, to;
	uint32_t field; /* index into names[], "" if it is not known */
	uint32_t item;  /* of an array, from 1; 0: it is none */
};

/* All objects of a program that uses liballot-object, those of a heap the oldest first. The names of fields stand in struct
 * allot_object_look in store/layout.h. */
struct allot_object_table {
	bool announced; /* the program uses the library */
	bool taken;     /* and this is what it had */
	bool partial;   /* but for what was in the middle of a change */
	int32_t error;  /* an errno: it could not be taken */
	char **names;   /* of types and fields; names[0] is "" */
	uint32_t name_count;
	struct allot_table_object *objects;
	uint32_t object_count;
	struct allot_table_reference *references; /* by from */
	uint32_t reference_count;
};

enum allot_link_kind { /* what holds a pointer */
	ALLOT_LINK_BLOCK,
	ALLOT_LINK_LEFT_OUT,   /* blocks in the middle of a long chain */
	/* Roots: a chain ends with one of these. */
	ALLOT_LINK_DATA,       /* a module's data */
	ALLOT_LINK_STACK,
	ALLOT_LINK_REGISTER,
	ALLOT_LINK_LOCAL,      /* thread-local memory of a module, in a thread's static part */
	ALLOT_LINK_DESCRIPTOR, /* what libc keeps of a thread; the values of its keys are there, too */
	ALLOT_LINK_LOCALS,     /* nothing: the block is a thread's table of thread-local memory */
	ALLOT_LINK_RUNS,       /* nothing: a thread's stack, or what libc keeps of it, is in the block */
	ALLOT_LINK_ENDED,      /* what libc keeps of a thread that has ended: its result, which nobody has asked for yet */
	ALLOT_LINK_MAPPING,    /* memory that somebody has mapped */
	ALLOT_LINK_NAMED,      /* memory that the program has registered as a root */
	ALLOT_LINK_IGNORED,    /* nothing: the program has said that the block is no leak */
	ALLOT_LINKS,
};

/*
 * Chains of pointers that keep blocks alive: each begins with a block, goes on with who points to it, and ends with the first
 * root; the next begins behind it. There is one for each stack and class, as an example, and what was asked for.
 */
struct allot_link {
	uint32_t kind;     /* enum allot_link_kind */
	uint64_t address;  /* of a block; of a root, where the pointer is; 0: not in memory */
	uint64_t size;     /* of a block; how many are left out; of LOCAL, where in its module's part */
	uint64_t offset;   /* in it, of the pointer to the link before */
	uint64_t inside;   /* how far behind its start the pointer to it points */
	uint32_t stack;    /* of a block, and of MAPPING; else ALLOT_NODE_NONE */
	uint32_t thread;   /* of a root; 0: not known, or none */
	uint32_t module;   /* of LOCAL, by the loader's count, which gives 1 to the program if it has any */
	uint32_t leak_class; /* of a block */
};

/*
 * What was live of each site at repetitions of the program's work: marks of one name, or looks at even times. There is a point of
 * the first, and one of every so many after it.
 */
struct allot_history_point {
	uint64_t number;  /* of the repetition, from 1 */
	uint64_t time_ns; /* since start */
};

struct allot_history_step { /* from this point on the site had so much, until its next step; before its first, nothing */
	uint32_t site, point; /* indices */
	struct allot_count live;
};

struct allot_history {
	char *mark;           /* NULL: looks at even times */
	uint64_t repetitions; /* how many there were; 0: there is no history */
	uint64_t left_out;    /* points for which there was no memory */
	struct allot_history_point *points;
	uint32_t point_count;
	struct allot_history_step *steps; /* by site and point */
	uint32_t step_count;
};

struct allot_snapshot {
	/* the process */
	uint64_t pid;
	char *program;          /* path of the executable */
	char *command;          /* its arguments, joined by spaces */
	uint64_t start_time_ns; /* CLOCK_REALTIME at start */
	uint64_t time_ns;       /* when the snapshot was taken, since start */
	uint32_t depth_limit;   /* 0: none */
	/*
	 * If not 0, only some blocks were recorded, one about every so many bytes allocated: all counts are estimates without
	 * bias, whole numbers that add up to the totals. Not so the trust header's, and what is in blocks[].
	 */
	uint64_t sampling_bytes;
	char *suppressions; /* leaks that the program itself says are none, as LeakSanitizer's files have it; NULL: it says nothing */
	char *note; /* free text, "" if none: e.g. how an address-space limit was met */

	struct allot_trust trust;
	struct allot_count live, peak, ever, temporary; /* over all domains */
	uint64_t frees;
	uint64_t peak_time_ns;   /* when the peak was, since start */
	uint64_t overhead_bytes; /* memory of the store itself */

	/* Of a snapshot without the sites that filters have dropped: which filters (NULL: it is whole), and what there was. */
	char *filters;
	struct allot_snapshot_totals unfiltered;

	struct allot_module *modules;
	uint32_t module_count; /* at least 1: entry 0 is "no module" */
	struct allot_node *nodes;
	uint32_t node_count; /* at least ALLOT_NODE_FIRST */
	struct allot_site *sites;
	uint32_t site_count;
	char **domains; /* names; domains[0] "malloc", domains[1] "mmap" */
	uint32_t domain_count;
	struct allot_program_region *regions;
	uint32_t region_count;                /* at least 1: entry 0 is "in no region", and counts nothing */
	struct allot_difference *differences; /* the first few of trust.differing */
	uint32_t difference_count;
	struct allot_mark *marks;
	uint32_t mark_count;
	uint64_t dropped_marks; /* for which there was no room */
	uint64_t
		dropped_regions; /* how often a region could not be entered, for want of room: what it did counts outside */
	struct allot_sample *series;
	uint32_t sample_count;
	struct allot_block *blocks;
	uint64_t block_count;
	struct allot_leaks leaks;
	struct allot_leak_group *leak_groups; /* by site and class */
	uint32_t leak_group_count;
	struct allot_leaked *lost;              /* by address */
	uint32_t lost_count;
	struct allot_edge *edges;
	uint32_t edge_count;
	struct allot_object_table objects;
	struct allot_link *links;
	uint32_t link_count;
	struct allot_history history;
	struct allot_symbol *symbols; /* sorted by module, address, signal */
	uint32_t symbol_count;
};

/* An empty snapshot: module 0, the special nodes, the two domains, region 0. NULL if out of memory. */
struct allot_snapshot *allotp_snapshot_new(void);
/* Sets the totals to what its sites have. */
void allotp_snapshot_sum_up(struct allot_snapshot *snapshot);
/* Frees it and all it owns. NULL is fine. */
void allotp_snapshot_free(struct allot_snapshot *snapshot);

/*
 * Writes the snapshot to a file, by a temporary file in the same directory that is renamed at the end, so
 * that a failure leaves an older file as it was. Returns 0, or a negative errno with the error filled in.
 */
int allotp_snapshot_write(const struct allot_snapshot *snapshot, const char *path, struct allot_error *error);

/*
 * Reads a snapshot file, treating it as hostile: afterwards every index in the snapshot is within its
 * array, every parent is less than its node, every string ends, blocks are sorted by address and symbols as
 * said above. Returns 0 and *out, or a negative errno (-EBADMSG: damaged or not a snapshot) with one clear
 * line in the error; *out is untouched then.
 */
int allotp_snapshot_read(const char *path, struct allot_snapshot **out, struct allot_error *error);
/* The same from memory; name is used in errors. For the fuzzer and for stores kept in memory. */
int allotp_snapshot_parse(const void *data, size_t size, const char *name, struct allot_snapshot **out,
			  struct allot_error *error);

/* The symbol of an address, or NULL. */
const struct allot_symbol *allotp_snapshot_symbol(const struct allot_snapshot *snapshot, uint32_t module,
						  uint64_t address, bool signal);

/* The order of symbols: by module, address, signal. For qsort. */
int allotp_symbol_compare(const void *left, const void *right);
/* Frees its frames, and what they are called. */
void allotp_symbol_release(struct allot_symbol *symbol);

/* Whether anything is known of the function that the symbol's address is in. */
bool allotp_symbol_has_name(const struct allot_symbol *symbol);

/*
 * Whether a frame is at its address itself, not behind a call: it was interrupted, or it is the trampoline that the
 * handler returns to, which nobody has called.
 */
bool allotp_node_is_exact(const struct allot_snapshot *snapshot, const struct allot_node *node);

/* The name of a region with those around it, the outermost first: "load/parse", malloc'ed; "" for 0. NULL: out of memory. */
char *allotp_snapshot_region_path(const struct allot_snapshot *snapshot, uint32_t region);

#endif
