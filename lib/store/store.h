/* SPDX-License-Identifier: MIT */
/*
 * A store as one process maps it: where the regions are, and how much of them may be touched. The traced
 * program is a *guest* mapping: everything but the header starts out inaccessible and is opened piece by
 * piece, so that mlockall() and core dumps there never meet the reserved address space. Readers map all of it.
 */
#ifndef ALLOT_STORE_STORE_H
#define ALLOT_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "store/layout.h"

struct allot_store {
	uint8_t *base;
	struct allot_header *header; /* == base */
	uint64_t size;
	bool guest;
	bool quiet;             /* no system calls: see allotp_store_hush */
	uint64_t pid_namespace; /* that of this process: inode of /proc/self/ns/pid; 0: not known */
	uint64_t drainer; /* this process as it signs the drain lock, see drain.c */
	uint8_t *region[ALLOT_REGIONS];
	uint64_t region_size[ALLOT_REGIONS]; /* checked against the mapping; the header's own are not trusted */
	uint64_t accessible[ALLOT_REGIONS];  /* bytes that this process has opened (atomic) */
	uint32_t segment_events, segment_bytes,
		segment_shift;   /* checked, see allotp_ring_open; 1 << shift are events */
	uint64_t stuck_at;       /* the batch at which a producer waited in vain, + 1; 0: it never has (atomic) */
	uint64_t suspect, suspect_at; /* who had the lock when it was last refused, and the batch then (atomic) */
	uint64_t oldest_waiting; /* the drainer's: stamp of the oldest event whose turn had not come yet */
	uint64_t drained_at;     /* the drainer's: when it has last drained all that had been counted; 0: it never has */
	uint64_t counted_since;  /* the same at the beginning of this drain: what is counted, and found now, is younger */
	void *scratch;           /* the drainer's, see merge.c */
	size_t scratch_size;
	struct allot_batch *batch;              /* the drainer's, see batch.h; NULL: it has never drained */
};

/* Default size of the mapping, and the least that works. */
#define ALLOT_STORE_SIZE (UINT64_C(1) << 37)
#define ALLOT_STORE_SIZE_MIN (UINT64_C(1) << 24)

/* The address space that a store may take, given the process's limits: RLIMIT_AS, and RLIMIT_FSIZE if it is to
 * be a file. 0: too little. */
uint64_t allotp_store_affordable_size(bool file);

/*
 * Maps a fresh, sparse file of `size` bytes and lays the regions out; for the traced program (guest). at: NULL,
 * or an address to replace what is mapped there. The header's `ready` is still 0: the caller fills in the rest.
 * Async-signal-safe. 0 or a negative errno; -EBUSY: somebody else has made a store of the file.
 */
int allotp_store_create(struct allot_store *store, int fd, uint64_t size, void *at);

/*
 * Maps a store that another process made, checking the header. If fd is open for reading alone, the mapping is a copy of
 * this process's own: it can be drained like any other, and nobody else sees it. Returns 0 or a negative errno with
 * the error.
 */
int allotp_store_open(struct allot_store *store, int fd, const char *name, struct allot_error *error);
void allotp_store_close(struct allot_store *store);

/* Makes the first `bytes` of a region usable: accessible here, and backed by memory unless they are segments. Any thread; async-signal-safe;
 * -ENOSPC at the region's end, -ENOMEM and others when memory, disk or address space are out. */
int allotp_store_commit(struct allot_store *store, enum allot_region_id region, uint64_t bytes);

/* The same in pieces that a reader may commit at once, for a region that begins when others are large. */
int allotp_store_need_many(struct allot_store *store, enum allot_region_id region, uint64_t bytes);

/*
 * Backs [from, *to) of a region with memory: allocates now and is told, instead of a SIGBUS at the first touch. Sets *to to where
 * the memory ends, which is that of a page. Errors as above. For segments, which are committed without.
 */
int allotp_store_back(struct allot_store *store, enum allot_region_id region, uint64_t from, uint64_t *to);

/* Opens here what other processes have committed. Needed before touching what the drainer keeps. */
int allotp_store_sync(struct allot_store *store);

/*
 * From now on this process makes no system calls for its store: all of it is opened, and a full disk is not told but met
 * by a touch. The reader has to do what is left: to clear a lock whose owner has died. Any thread; async-signal-safe.
 */
void allotp_store_hush(struct allot_store *store);

/* True if the first `bytes` of the region may be touched now. */
static inline bool allotp_store_has(const struct allot_store *store, enum allot_region_id region, uint64_t bytes)
{
	return bytes <= __atomic_load_n(&store->accessible[region], __ATOMIC_ACQUIRE);
}

/* The same, with a look at what others have committed meanwhile. */
static inline bool allotp_store_reaches(struct allot_store *store, enum allot_region_id region, uint64_t bytes)
{
	return allotp_store_has(store, region, bytes) ||
	       (!allotp_store_sync(store) && allotp_store_has(store, region, bytes));
}

/* One more than the highest number, up to `count`, of a region's items that can be looked at here. */
static inline uint64_t allotp_store_end(const struct allot_store *store, enum allot_region_id region, uint64_t count,
					uint64_t size)
{
	uint64_t there = __atomic_load_n(&store->accessible[region], __ATOMIC_RELAXED) / size;

	return count + 1 < there ? count + 1 : there;
}

/* What a drainer has written before stands there if it dies behind this: a kill falls between two instructions. */
static inline void allotp_store_fence(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Commits if it must. Producers and drainer call this before they use an element of a region. */
static inline int allotp_store_need(struct allot_store *store, enum allot_region_id region, uint64_t bytes)
{
	return __builtin_expect(allotp_store_has(store, region, bytes), 1) ? 0
									   : allotp_store_commit(store, region, bytes);
}

/* Element i of a region, unchecked. */
#define ALLOTP_AT(store, id, type, i) ((type *)(void *)((store)->region[id] + (uint64_t)(i) * sizeof(type)))

static inline struct allot_slot *allotp_slot(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_SLOTS, struct allot_slot, i);
}

static inline struct allot_store_node *allotp_node(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_NODES, struct allot_store_node, i);
}

static inline struct allot_store_module *allotp_module(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_MODULES, struct allot_store_module, i);
}

static inline struct allot_store_site *allotp_site(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_SITES, struct allot_store_site, i);
}

static inline struct allot_site_halves *allotp_site_high(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_HIGHS, struct allot_site_halves, i);
}

static inline struct allot_store_variance *allotp_variance(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_VARIANCES, struct allot_store_variance, i);
}

static inline struct allot_store_scope *allotp_scope(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_SCOPES, struct allot_store_scope, i);
}

static inline struct allot_store_budget *allotp_budget(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_BUDGETS, struct allot_store_budget, i);
}

static inline struct allot_store_share *allotp_share(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_SHARES, struct allot_store_share, i);
}

static inline struct allot_live_page *allotp_page(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_PAGES, struct allot_live_page, i);
}

/* How many elements of `size` bytes the region can ever hold. */
static inline uint64_t allotp_capacity(const struct allot_store *store, enum allot_region_id region, uint64_t size)
{
	return store->region_size[region] / size;
}

/* Appends bytes to the strings and ends them with 0. Returns the offset; 0, the empty string, when they are full.
 * Any thread; async-signal-safe. */
uint32_t allotp_store_string(struct allot_store *store, const char *text, size_t size);

/* Says that something could not be recorded, and why (enum allot_lost). */
static inline void allotp_store_lost(struct allot_store *store, int reason, uint64_t events)
{
	__atomic_fetch_add(&store->header->lost[reason], events, __ATOMIC_RELAXED);
}

#endif
