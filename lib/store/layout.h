/* SPDX-License-Identifier: MIT */
/*
 * The store: what the traced program and its readers share while it runs. One mapping, indices and
 * offsets instead of pointers, and sizes that are asserted below. This header is the contract; whoever
 * maps a store uses nothing else.
 *
 * The mapping is a row of *regions*, each an array that grows in place: its address space is reserved
 * from the start, its memory is committed as it is needed. Two kinds of writers:
 *
 *   producers  the threads of the traced program: slots, segments, nodes, modules, strings, names. Lock-free.
 *   drainer    whoever holds drain.lock, in any process: sites, live table, maps, totals, series, history, shares.
 *
 * Glossary: a *slot* is a thread's place to write events, its ring a chain of *segments*; a *node* is a
 * frame of the stack tree; a *site* is a stack in a domain with its counters; the *live table* knows every
 * live block; a *map* is a live mapping of the mmap domain; a *scope* is a region that the program itself has named,
 * ALLOT_REGION("parse"), inside of another or not; a *budget* is what one thread may allocate in one block of its code,
 * and a *share* one site's part of that.
 */
#ifndef ALLOT_STORE_LAYOUT_H
#define ALLOT_STORE_LAYOUT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define ALLOT_STORE_MAGIC UINT64_C(0x45524f5453544c41) /* "ALTSTORE" in memory */
#define ALLOT_STORE_TAKEN 1 /* stands for the magic number while a store is being laid out */
#define ALLOT_STORE_VERSION 4u

enum allot_region_id {
	ALLOT_REGION_HEADER,
	ALLOT_REGION_SLOTS,      /* struct allot_slot[] */
	ALLOT_REGION_MODULES,    /* struct allot_store_module[] */
	ALLOT_REGION_STRINGS,    /* bytes; offset 0 is the empty string */
	ALLOT_REGION_NODES,      /* struct allot_store_node[] */
	ALLOT_REGION_INDEX,      /* uint32_t[]: hash tables (parent, address) -> node, see tree.c */
	ALLOT_REGION_SITE_INDEX, /* uint32_t[]: hash tables (stack, domain) -> site, see site.c */
	ALLOT_REGION_SITES,      /* struct allot_store_site[] */
	ALLOT_REGION_HIGHS,      /* struct allot_site_halves[site]: as far as any site needs them */
	ALLOT_REGION_VARIANCES,  /* struct allot_store_variance[site]; empty when every block is recorded */
	ALLOT_REGION_DIRECTORY,  /* uint32_t[]: live table, hash prefix -> page */
	ALLOT_REGION_PAGES,      /* struct allot_live_page[] */
	ALLOT_REGION_MAPS,       /* struct allot_map[], sorted by address */
	ALLOT_REGION_MARKS,      /* struct allot_store_mark[] */
	ALLOT_REGION_SERIES,     /* struct allot_store_sample[] */
	ALLOT_REGION_HISTORY,    /* struct allot_store_past[site]; empty when none is kept */
	ALLOT_REGION_NAMES,      /* struct allot_store_name[]; the first is number 1 */
	ALLOT_REGION_SCOPES,     /* struct allot_store_scope[]; the first is number 1 */
	ALLOT_REGION_BUDGETS,    /* struct allot_store_budget[]; the first is number 1 */
	ALLOT_REGION_SHARES,     /* struct allot_store_share[]; the first is number 1 */
	ALLOT_REGION_JOURNAL,    /* struct allot_journal, and what it counts */
	ALLOT_REGION_HELD,       /* uint64_t[]: what stopped threads held, see struct allot_held_thread */
	ALLOT_REGION_VERDICTS,   /* struct allot_site_verdict[site]; empty until leaks were looked for */
	ALLOT_REGION_LOST,       /* struct allot_lost_block[], by address */
	ALLOT_REGION_EDGES,      /* struct allot_lost_edge[] */
	ALLOT_REGION_OBJECTS,    /* struct allot_store_object[] */
	ALLOT_REGION_REFERENCES, /* struct allot_store_reference[] */
	ALLOT_REGION_LINKS,      /* struct allot_chain_link[]: chains of pointers, see there */
	ALLOT_REGION_SEGMENTS,   /* struct allot_segment, segment_bytes each */
	ALLOT_REGIONS,
};

struct allot_region {
	uint64_t offset;    /* from the start of the mapping; page-aligned */
	uint64_t size;      /* reserved bytes; never changes */
	uint64_t committed; /* bytes in use, backed by memory but for those of segments; only grows (atomic) */
};

/* ---- events ---- */

enum allot_op {
	ALLOT_OP_NONE,
	ALLOT_OP_ALLOC,         /* address, size, stack */
	ALLOT_OP_FREE,          /* address; size is 1 if the thread knows by itself that the block was temporary */
	ALLOT_OP_GIVE_UP,       /* address: realloc is about to free it */
	ALLOT_OP_RESTORE,       /* address: that realloc failed, the block is live as it was */
	ALLOT_OP_MAP,           /* address, size, stack: mmap; replaces what was mapped there */
	ALLOT_OP_UNMAP,         /* address, size */
	ALLOT_OP_TRACK,         /* address, size, stack, domain, family: a block of the program's own; replaces one of that address */
	ALLOT_OP_UNTRACK,       /* address, domain; of no block is fine */
	ALLOT_OP_THREAD,        /* a thread took this slot: size is its tid */
	ALLOT_OP_MARK,          /* address is the number of the name */
	ALLOT_OP_BUDGET,        /* address is the number of a budget, which begins again */
	ALLOT_OPS,
};

/* The event has no ticket, see below: a bit of its family. */
#define ALLOT_COUNTED_EVENT 0x40u
/* The program has said of the block that it is no leak: a bit of an event's family, and of a block's slot_family. */
#define ALLOT_KEPT_EVENT 0x80u
#define ALLOT_KEPT_BLOCK (UINT32_C(1) << 31)

static inline uint32_t allotp_slot_family(uint32_t slot, uint8_t family)
{
	return slot << 2 | (family & 3u) | (family & ALLOT_KEPT_EVENT ? ALLOT_KEPT_BLOCK : 0);
}

static inline uint32_t allotp_slot_of(uint32_t slot_family)
{
	return (slot_family & ~ALLOT_KEPT_BLOCK) >> 2;
}

/* Which functions a block came from and goes by; a free of another family is a mismatch. */
enum allot_family {
	ALLOT_FAMILY_MALLOC, /* malloc … free, aligned too */
	ALLOT_FAMILY_NEW,    /* operator new … operator delete */
	ALLOT_FAMILY_NEW_ARRAY, /* operator new[] … operator delete[] */
	ALLOT_FAMILY_ANY,    /* a free that fits every family (none of ours knows) */
};

/*
 * What orders events. The *stamp* is a time, close to exact: it decides between events that have nothing to do with each
 * other. The *ticket* is exact: events at one address draw consecutive tickets from the counter of the address's bucket,
 * a free before the real free and an allocation after the real malloc, so for any one address their order is that
 * of what really happened, whatever the clocks say. THREAD, MARK and BUDGET have none, nor has an event whose stamp was
 * *counted*, in a program of one thread: header.counted plus one. Those stamps are exact themselves.
 */
struct allot_event {
	uint64_t stamp;
	uint32_t ticket;
	uint32_t stack; /* node */
	uint64_t key;   /* address, domain: as allotp_live_key */
	uint64_t what;  /* requested bytes, op, family: as allotp_event_what */
};
static_assert(sizeof(struct allot_event) == 32, "event size is part of the store's format");

#define ALLOT_LOW48 UINT64_C(0xffffffffffff)
#define ALLOT_TICKETS 4096u

/* What a block is known by: its address and, above it, its domain. */
static inline uint64_t allotp_live_key(uint64_t address, uint16_t domain)
{
	return (address & ALLOT_LOW48) | (uint64_t)domain << 48;
}

/* 48 bits of size; above them an enum allot_op; and above that an enum allot_family, ALLOT_COUNTED_EVENT, ALLOT_KEPT_EVENT */
static inline uint64_t allotp_event_what(uint64_t size, uint8_t op, uint8_t family)
{
	return (size & ALLOT_LOW48) | (uint64_t)op << 48 | (uint64_t)family << 56;
}

static inline uint64_t allotp_event_address(const struct allot_event *event)
{
	return event->key & ALLOT_LOW48;
}

static inline uint16_t allotp_event_domain(const struct allot_event *event)
{
	return (uint16_t)(event->key >> 48);
}

static inline uint64_t allotp_event_size(const struct allot_event *event)
{
	return event->what & ALLOT_LOW48;
}

static inline uint8_t allotp_event_op(const struct allot_event *event)
{
	return (uint8_t)(event->what >> 48);
}

static inline uint8_t allotp_event_family(const struct allot_event *event)
{
	return (uint8_t)(event->what >> 56);
}

static inline bool allotp_event_has_ticket(const struct allot_event *event)
{
	return allotp_event_op(event) < ALLOT_OP_THREAD && !(allotp_event_family(event) & ALLOT_COUNTED_EVENT);
}

/* The counter for a key's address. A cache line serves 64 KiB of addresses, so that threads with heaps of their own seldom meet in one. */
static inline uint32_t allotp_key_bucket(uint64_t key)
{
	uint32_t line = (uint32_t)(key >> 16);

	return line * UINT32_C(0x9e3779b1) >> 24 << 4 | (uint32_t)(key >> 12 & 15);
}

/* The counter for an event. The mmap domain has one for all, as its events overlap. */
static inline uint32_t allotp_event_bucket(uint64_t key, uint8_t op)
{
	return op == ALLOT_OP_MAP || op == ALLOT_OP_UNMAP ? 0 : allotp_key_bucket(key);
}

/* A piece of a ring. Segments are numbered from 1, so that 0 means none. */
struct allot_segment {
	uint32_t next;  /* the segment that follows in the ring, or in the free list (atomic) */
	uint32_t backed; /* events from the beginning that have memory; only grows, by whoever writes to the ring */
	uint32_t unused[14];
	struct allot_event events[]; /* header.segment_events of them */
};
static_assert(sizeof(struct allot_segment) == 64, "segment header fills a cache line");

enum allot_slot_state { ALLOT_SLOT_FREE, ALLOT_SLOT_OWNED };

/*
 * One thread's ring. Event number n of the slot lies at n % segment_events of its segment. The thread
 * publishes with a release store of `published`, whose partner is the drainer's acquire load; the drainer
 * returns a segment to the free list once it has consumed its last event.
 */
struct allot_slot {
	/* written by the thread that owns it */
	uint64_t published;   /* events ever written (atomic) */
	uint32_t tail;        /* segment being written; 0: none yet */
	uint32_t state;       /* enum allot_slot_state (atomic) */
	uint32_t tid;
	uint32_t next_free;   /* slot + 1 in the list of free slots (atomic) */
	uint64_t unused_producer[5];
	/* written by the drainer, but for first, which the owner sets before its first publish */
	uint64_t consumed;    /* events drained (atomic) */
	uint64_t head;        /* segment being drained | which of the ring's segments it is, from 0, << 32; 0: not begun */
	uint64_t last_alloc;  /* the newest allocation's key while nothing else was allocated since; for 'temporary' */
	uint64_t given_up[3]; /* the live entry that GIVE_UP took out: key, size, site and flags; key 0: none */
	uint32_t first;       /* the ring's first segment */
	uint32_t unused;
	uint64_t unused_drainer;
};
static_assert(sizeof(struct allot_slot) == 128, "a slot is two cache lines, one for each side");

/* ---- stack tree ---- */

struct allot_store_node {
	uint64_t address;
	uint32_t parent;        /* less than this node's index */
	uint32_t module_flags;  /* module << 8 | ALLOT_NODE_* flags of snapshot.h */
};
static_assert(sizeof(struct allot_store_node) == 16, "node size is part of the store's format");

/*
 * In module_flags, as all there is: the node is no frame. Its address says in which scope (the low 32 bits) and in which
 * budget (the high ones; 0: in none) the blocks of its parent's stack are allocated. Sites, and nothing else, have such
 * stacks; they have no children.
 */
#define ALLOT_NODE_SCOPE 2u

struct allot_store_module {
	uint64_t start, end, bias;
	uint64_t identity;      /* what tells two loads apart: the loader's link_map, mixed with the range */
	uint32_t path;          /* offset in strings */
	uint32_t generation;
	uint32_t dead;          /* closed (atomic): its nodes match no new walk */
	uint32_t build_id_size;
	uint64_t truncated;     /* walks that had to stop in it (atomic) */
	uint8_t build_id[32];
	uint64_t eh_frame_hdr;  /* address of .eh_frame_hdr, 0: none */
	uint64_t unused[4];
};
static_assert(sizeof(struct allot_store_module) == 128, "module size is part of the store's format");

/* ---- what the drainer keeps ---- */

struct allot_site_counters {
	uint64_t changed;       /* number of the event that changed this site last */
	uint64_t peak_bytes, peak_blocks; /* live at the last peak before `changed` */
	uint64_t ever_bytes, ever_blocks;
	uint64_t freed_bytes, freed_blocks;
	uint64_t temporary_bytes, temporary_blocks;
};

/* The lower, or the higher, 32 bits of each counter. There are many sites, and hardly one counts up to 4 GiB. */
struct allot_site_halves {
	uint32_t changed;
	uint32_t peak_bytes, peak_blocks;
	uint32_t ever_bytes, ever_blocks;
	uint32_t freed_bytes, freed_blocks;
	uint32_t temporary_bytes, temporary_blocks;
};
static_assert(sizeof(struct allot_site_halves) == sizeof(struct allot_site_counters) / 2, "each counter has its halves");

struct allot_store_site {
	uint32_t stack;         /* node */
	uint16_t domain;
	uint16_t scoped;        /* has a scope or shares */
	uint32_t mismatched;
	struct allot_site_halves low; /* the high ones are in a region of their own; where that ends, they are 0 */
	uint32_t scope;         /* the innermost; 0: none */
	uint32_t share, share_count; /* the first of its shares, one for each budget from the innermost on; 0: none */
	uint32_t unused;
};
static_assert(sizeof(struct allot_store_site) == 64, "site size is part of the store's format");

enum { ALLOT_SITE_COUNTERS = sizeof(struct allot_site_halves) / sizeof(uint32_t) };

/* high: NULL stands for zeroes. */
static inline void allotp_counters_join(struct allot_site_counters *counters, const struct allot_site_halves *low,
					const struct allot_site_halves *high)
{
	uint64_t *to = (uint64_t *)counters;

	for (int i = 0; i < ALLOT_SITE_COUNTERS; i++)
		to[i] = ((const uint32_t *)low)[i];
	for (int i = 0; high && i < ALLOT_SITE_COUNTERS; i++)
		to[i] |= (uint64_t)((const uint32_t *)high)[i] << 32;
}

static inline void allotp_counters_split(const struct allot_site_counters *counters, struct allot_site_halves *low,
					 struct allot_site_halves *high)
{
	const uint64_t *from = (const uint64_t *)counters;

	for (int i = 0; i < ALLOT_SITE_COUNTERS; i++)
		((uint32_t *)low)[i] = (uint32_t)from[i];
	for (int i = 0; high && i < ALLOT_SITE_COUNTERS; i++)
		((uint32_t *)high)[i] = (uint32_t)(from[i] >> 32);
}

/* Whether the high halves are needed. */
static inline bool allotp_counters_are_high(const struct allot_site_counters *counters)
{
	const uint64_t *from = (const uint64_t *)counters;
	uint64_t all = 0;

	for (int i = 0; i < ALLOT_SITE_COUNTERS; i++)
		all |= from[i];
	return all >> 32;
}

/*
 * When blocks are sampled, each that is recorded stands for others that were not: it counts for 1/p blocks and size/p
 * bytes, where p is the probability that it was chosen (see weight.h). Counters of sites and totals, marks and the time
 * series are then numbers with a fraction of so many bits.
 */
#define ALLOT_FRACTION_BYTES 10
#define ALLOT_FRACTION_BLOCKS 20

/* How far the estimates of a site may be off: the estimated variances of what its counters hold, with twice the bits. */
struct allot_store_variance {
	struct allot_spread {
		unsigned __int128 bytes, blocks;
	} ever, freed, peak, temporary;
};
static_assert(sizeof(struct allot_store_variance) == 128, "variance size is part of the store's format");

struct allot_live_entry {
	uint64_t key;           /* address | domain << 48; 0: empty */
	uint64_t size;
	uint32_t site;
	uint32_t slot_family;   /* slot of the allocating thread << 2 | family; ALLOT_KEPT_BLOCK */
};
static_assert(sizeof(struct allot_live_entry) == 24, "live entry size is part of the store's format");

#define ALLOT_LIVE_GROUPS 32u
#define ALLOT_LIVE_PLACES 5u
#define ALLOT_LIVE_ENTRIES (ALLOT_LIVE_GROUPS * ALLOT_LIVE_PLACES)

/*
 * Two cache lines, side by side. An address tells which group of its page is its *home*; a block that finds no room there
 * is in another group, and its home says where.
 */
struct allot_live_group {
	struct allot_live_entry entries[ALLOT_LIVE_PLACES]; /* in no order, key 0: none */
	uint8_t elsewhere[7];   /* entries of the page, counted from 1, whose home this is; behind the last: 0; see below */
	uint8_t depth;          /* of the first group: how many leading bits of the hash all entries of the page share */
};
static_assert(sizeof(struct allot_live_group) == 128, "a live group is two cache lines");

/* In the place of the last of elsewhere[]: there are more, which may be anywhere in the page. */
#define ALLOT_LIVE_ANYWHERE 0xff

struct allot_live_page {
	struct allot_live_group groups[ALLOT_LIVE_GROUPS];
};
static_assert(sizeof(struct allot_live_page) == 4096, "a live page is a memory page");

/* Entry i of a page, one of ALLOT_LIVE_ENTRIES. */
static inline struct allot_live_entry *allotp_live_entry_at(struct allot_live_page *page, uint32_t i)
{
	return &page->groups[i / ALLOT_LIVE_PLACES].entries[i % ALLOT_LIVE_PLACES];
}

struct allot_map {
	uint64_t start, size;
	uint32_t site;
	uint32_t slot;
	uint64_t unused;
};
static_assert(sizeof(struct allot_map) == 32, "map size is part of the store's format");

/* ---- what the program says itself ---- */

/* Text that the program uses as a name, once however often it does. */
struct allot_store_name {
	uint32_t text;          /* offset in strings */
	uint32_t size;
	uint32_t hash;
	uint32_t next;          /* in the chain of name_heads */
};
static_assert(sizeof(struct allot_store_name) == 16, "name size is part of the store's format");

#define ALLOT_NAME_SIZE 255u /* names are cut here */
#define ALLOT_HEADS 1024u
#define ALLOT_NESTING 256u /* scopes in scopes, and budgets in budgets; what is deeper counts for the last */

/* All that was allocated in a scope and in those inside of it. */
struct allot_store_scope {
	/* by the thread that makes it, before anybody can find it */
	uint32_t name;          /* number; 0: it never came to be (atomic) */
	uint32_t parent;        /* less than its own number; 0: none */
	uint32_t depth;         /* of the scopes around it */
	uint32_t next;          /* in the chain of scope_heads */
	/* by the drainer */
	struct allot_scope_counters {
		uint64_t peak_bytes, peak_blocks;
		uint64_t ever_bytes, ever_blocks;
		uint64_t freed_bytes, freed_blocks;
		uint64_t temporary_bytes, temporary_blocks;
	} counters;
};
static_assert(sizeof(struct allot_store_scope) == 80, "scope size is part of the store's format");

/* A budget and what was allocated since it last began, in it and in those inside of it; mappings are left out. */
struct allot_store_budget {
	/* by the thread whose budget it is */
	uint64_t place;         /* which block of its code */
	uint32_t parent;        /* less than its own number; 0: none */
	uint32_t depth;         /* of the budgets around it */
	uint32_t next;          /* another of this slot */
	uint32_t abandoned;     /* it has begun and not come to its end */
	/* by the drainer */
	uint32_t share;         /* the newest of its shares; 0: none */
	uint32_t unused;
	struct allot_budget_counters {
		uint64_t entry; /* counts how often it has begun: shares of another one are of before */
		uint64_t ever_bytes, ever_blocks;
		uint64_t freed_bytes, freed_blocks;
		uint64_t peak_bytes;
		uint64_t peak_event; /* number of the event that made the peak */
	} now;
};
static_assert(sizeof(struct allot_store_budget) == 88, "budget size is part of the store's format");

struct allot_store_share {
	uint32_t budget, site;
	uint32_t next;          /* an older share of the same budget; 0: none */
	uint32_t unused;
	struct allot_share_counters {
		uint64_t entry; /* of the budget */
		uint64_t changed; /* number of the event that changed it last */
		uint64_t ever_bytes, ever_blocks;
		uint64_t freed_bytes, freed_blocks;
		uint64_t peak_bytes, peak_blocks; /* live at the budget's last peak before `changed` */
	} now;
};
static_assert(sizeof(struct allot_store_share) == 80, "share size is part of the store's format");

#define ALLOT_MARKS 65536u /* more are only counted */

struct allot_store_mark {
	uint64_t stamp;
	uint64_t live_bytes;
	uint32_t name;          /* number */
	uint32_t slot;
};

struct allot_store_sample {
	uint64_t stamp;
	uint64_t live_bytes, live_blocks, ever_bytes, ever_blocks;
};

#define ALLOT_HISTORY_PLACES 64u
#define ALLOT_HISTORY_POINTS (ALLOT_HISTORY_PLACES - 1) /* one place is always free, for the next */

/* What was live of a site at the points of the history, each at the place that the history says. */
struct allot_store_past {
	struct allot_past_count {
		uint64_t bytes, blocks;
	} at[ALLOT_HISTORY_PLACES];
};
static_assert(sizeof(struct allot_store_past) == 1024, "past size is part of the store's format");

/*
 * The history of the sites: what was live at repetitions of the program's work, which are marks of one name, or looks of a reader
 * at even times. There is a point of the first, and others evenly spaced: when there is no room for one more, every other goes.
 */
struct allot_store_history {
	uint64_t repetitions; /* how many there were */
	uint64_t left_out;    /* points for which there was no memory */
	uint32_t step;        /* a point is made of each so-many-th repetition, a power of two; 0 stands for 1 */
	uint32_t count;
	struct allot_store_point {
		uint64_t number; /* of the repetition, from 1 */
		uint64_t stamp;
		uint32_t place;
		uint32_t unused;
	} points[ALLOT_HISTORY_POINTS]; /* in their order */
};

#define ALLOT_DOMAIN_NAMES 1024u /* domains with larger numbers have no name */

/* ---- leaks: what a look for them found. For the looker, who has header.leaks.state to himself while it is RUNNING ---- */

/* What a thread held while the world was stopped: one after the other in their region, each with its words behind it. */
struct allot_held_thread {
	uint64_t tid;
	uint64_t words;           /* how many: those in registers that may be pointers */
	uint64_t sp;              /* what lies below, but for the red zone, is dead */
	uint64_t thread_pointer;
	uint64_t signal_stack;    /* where the one for its signal handlers begins; 0: it has none */
};
static_assert(sizeof(struct allot_held_thread) == 40, "a thread's head is five words");

enum { ALLOT_LEAK_CLASSES = 4 }; /* enum allot_leak_class of snapshot.h */

struct allot_site_verdict {
	struct allot_verdict_count {
		uint64_t bytes, blocks;
	} counts[ALLOT_LEAK_CLASSES];
};
static_assert(sizeof(struct allot_site_verdict) == 64, "verdict size is part of the store's format");

struct allot_lost_block {       /* definite, indirect or possible */
	uint64_t address, size;
	uint32_t site;
	uint32_t leader;        /* of an indirect one: index of its leader; else its own */
	uint8_t leak_class;
	uint8_t known;          /* an earlier look had found it, too */
	uint8_t unused[6];
};
static_assert(sizeof(struct allot_lost_block) == 32, "lost block size is part of the store's format");

struct allot_lost_edge {        /* a pointer between two lost blocks */
	uint32_t from, to;      /* indices of lost blocks */
	uint32_t offset;        /* in the first */
	uint32_t inside;        /* behind the start of the second */
};

/*
 * A chain of pointers that keeps a block alive: first the block itself, then who points to it, and so on to what is no block, the
 * root; then the next chain begins.
 */
struct allot_chain_link {
	uint64_t address;       /* of a block; of a root, where in memory the pointer is: 0 if it is not in memory */
	uint64_t size;          /* of a block; how many were left out; of thread-local memory, where in its module's part */
	uint64_t offset;        /* in it, of the pointer to the link before; of the first, 0 */
	uint64_t inside;        /* how far behind its start the pointer to it points */
	uint32_t site;          /* of a block, or of the mapping that the root is in; 0: none */
	uint32_t thread;        /* of a root */
	uint32_t module;        /* of thread-local memory, by the loader's count */
	uint8_t kind;           /* enum allot_link_kind of snapshot.h */
	uint8_t leak_class;     /* of a block */
	uint8_t unused[2];
};
static_assert(sizeof(struct allot_chain_link) == 48, "link size is part of the store's format");

enum allot_look_state { ALLOT_LOOK_NONE, ALLOT_LOOK_RUNNING, ALLOT_LOOK_DONE, ALLOT_LOOK_FAILED };

struct allot_leak_look {
	uint32_t state;         /* enum allot_look_state (atomic) */
	uint32_t method;        /* enum allot_look_method of snapshot.h */
	int32_t error;          /* FAILED: an errno, */
	uint32_t failed_step;   /* and at what: enum allot_look_step of snapshot.h */
	uint32_t looks;         /* how many there were */
	uint32_t heuristics;
	uint32_t threads;       /* stopped, or the one */
	uint32_t at_exit;
	uint64_t stop_ns;       /* how long the program stood still */
	uint64_t scan_ns;       /* how long the copy was looked through */
	uint64_t root_bytes, words, unreadable_bytes, blocks;
	uint64_t lost_count, edge_count, link_count;
	uint64_t left_out;      /* lost blocks without room in their region */
	uint64_t suppressions;  /* string: what the program itself says is no leak, as LeakSanitizer's files have it */
	struct allot_verdict_count counts[ALLOT_LEAK_CLASSES], fresh[ALLOT_LEAK_CLASSES]; /* fresh: not known before */
	/*
	 * For a looker from outside, in the program's address space: what a copy is to run, on which stack, and a system call with
	 * a breakpoint behind it. Then, from the thread pointer, the bytes that say that a thread is in the middle of realloc,
	 * or about to write an event; and what the looker tells the copy.
	 */
	uint64_t entry, stack, system_call;
	int64_t moving_offset, depth_offset;
	uint64_t held_words;
	uint64_t why;           /* an address: the chain that keeps its block alive is wanted; 0: no one's */
};

/* ---- objects: what liballot-object has told in a copy of the process. For the looker, as with leaks ---- */

struct allot_store_object {
	uint64_t address, size;
	int32_t refs;
	uint32_t type;          /* number of a name */
	uint32_t site;          /* 0: not known */
	uint16_t heap;
	uint16_t flags;         /* ALLOT_OBJECT_* of trace.h */
};
static_assert(sizeof(struct allot_store_object) == 32, "object size is part of the store's format");

struct allot_store_reference {
	uint32_t from, to;      /* indices of objects */
	uint32_t field;         /* number of a name; 0: not known */
	uint32_t item;          /* of an array, from 1; 0: it is none */
};
static_assert(sizeof(struct allot_store_reference) == 16, "reference size is part of the store's format");

struct allot_object_look {
	uint32_t state;         /* enum allot_look_state (atomic) */
	int32_t error;          /* FAILED: an errno */
	uint32_t announced;     /* the program uses liballot-object */
	uint32_t partial;       /* DONE: something was in the middle of a change, and left out */
	uint32_t wanted;        /* of a copy that is made from outside: objects, not leaks; 2: leniently */
	uint32_t attempts;      /* how many pictures it took */
	uint64_t object_count, reference_count;
};

#define ALLOT_DIFFERENCES 8u /* verified stacks that differ are kept up to this many */

#define ALLOT_REFUSED 8u /* different programs that could not be traced are told up to this many */

#define ALLOT_SAMPLES 1024u /* the time series has no more points than this */

struct allot_totals {
	uint64_t ever_bytes, ever_blocks;
	uint64_t freed_bytes, freed_blocks;
	uint64_t temporary_bytes, temporary_blocks;
	uint64_t peak_bytes, peak_blocks;
	uint64_t peak_event;    /* number of the event that made the last peak */
	uint64_t peak_stamp;
	struct allot_tallies {
		uint64_t events;        /* events applied: the event numbers of sites and peak */
		uint64_t unknown_frees, mismatched, double_allocations;
	} tallies;
	struct allot_samples {
		uint64_t allocated, freed; /* when blocks are sampled: how many events said so */
	} samples;
};

/* What a program asks of its store as a whole, see clear.h. */
enum allot_clearing {
	ALLOT_CLEARING_NONE,
	ALLOT_CLEARING_PEAK,
	ALLOT_CLEARING_ALL,
};

/* Why events are taken out of the rings and dropped. */
enum allot_dropping {
	ALLOT_DROPPING_NONE,
	ALLOT_DROPPING_FULL,    /* there was no room for one: what is kept is exact */
	ALLOT_DROPPING_STOPPED, /* the program has stopped tracing; this is what threads were at just then */
};

/*
 * What a batch of events changes. The drainer works it out in memory of its own, writes all of it here, sets `sealed`,
 * and only then changes the store. Every part says how something is to be, not what is to be done with it, so whoever
 * takes over from a drainer that died goes through it once more. Died it before that, the store is as it was, and the
 * events are in the rings still. Behind it lie, in this order, as many as it counts:
 *
 *   struct allot_store_variance variances[sites], when blocks are sampled
 *   struct allot_journal_slot slots[]
 *   struct allot_journal_site sites[]
 *   struct allot_scoped records[]
 *   struct allot_live_entry blocks[], site 0: is not live any more
 */
struct allot_journal {
	uint32_t sealed;        /* (atomic) */
	uint32_t sampled;       /* there are variances */
	uint32_t slots, sites, records, blocks;
	uint32_t repeated; /* there is a history */
	uint32_t turned;   /* turns were taken: `applied` is to be */
	uint32_t mark_count;
	uint64_t dropped_marks;
	uint64_t batch;         /* which one it is */
	struct allot_totals totals;
	struct allot_store_history history;
	uint32_t applied[ALLOT_TICKETS] __attribute__((aligned(64)));
};

struct allot_journal_slot {
	uint64_t consumed, head, last_alloc;
	uint64_t given_up[3];
	uint32_t slot;
	uint32_t unused;
};

struct allot_journal_site {
	struct allot_site_counters counters;
	uint32_t site;
	uint32_t mismatched;
};

/* What a scope, a budget or a share counts. */
struct allot_scoped {
	uint32_t kind;          /* ALLOT_REGION_SCOPES, …_BUDGETS or …_SHARES */
	uint32_t number;
	union {
		struct allot_scope_counters scope;
		struct allot_budget_counters budget;
		struct allot_share_counters share;
	} now;
};

/* What the live table's drainer was at when it died; see live.c. */
struct allot_split {
	uint32_t page;          /* live page whose entries are being moved, 0: none */
	uint32_t halves[2];     /* complete copies of the halves of `page`, to replace it */
	uint32_t changed_page;  /* live page in which an entry was put or removed last */
};

/* A map cannot be cut twice: the event that was changing the maps, see batch.c. */
struct allot_remapping {
	uint32_t active;
	uint32_t slot;
	uint64_t number;        /* of the event in its slot */
};

enum allot_clock { ALLOT_CLOCK_COUNTER, ALLOT_CLOCK_MONOTONIC };

enum { /* header.flags */
	ALLOT_STORE_MMAP = 1,   /* the mmap domain is recorded */
	ALLOT_STORE_FORKED = 2, /* the process began by fork: frees of unknown blocks are its parent's */
	ALLOT_STORE_MAPS_UNCERTAIN = 4, /* a drainer died in the maps */
	ALLOT_STORE_HELD = 8,   /* the file is locked (F_OFD_SETLK) for as long as a process has it mapped */
	ALLOT_STORE_LATE = 16,  /* recording began, or began anew, when there were blocks already: their frees are unknown */
	ALLOT_STORE_IMAGE = 32, /* a copy that the program made of its store: nobody writes to it, see image.h */
};

struct allot_header {
	uint64_t magic;
	uint32_t version;
	uint32_t header_size;
	uint64_t mapping_size;
	struct allot_region regions[ALLOT_REGIONS];

	/* set once at start */
	uint32_t ready;         /* the rest is filled in (atomic, release) */
	uint32_t flags;
	uint32_t pid;
	uint32_t parent_pid;
	uint32_t depth_limit;   /* 0: none */
	uint32_t segment_events; /* power of two */
	uint32_t segment_bytes;
	uint32_t clock;         /* enum allot_clock */
	uint32_t program, command; /* offsets in strings */
	uint32_t note;          /* offset in strings; how a limit was met */
	uint32_t exec_count;    /* how many programs this process had run before */
	uint64_t start_stamp;
	uint64_t start_monotonic_ns, start_realtime_ns;
	uint64_t latest_stamp, latest_monotonic_ns; /* a second pair, as late as was known; tells the stamp's rate */
	uint64_t pid_namespace; /* inode of /proc/self/ns/pid; 0: not known */
	uint64_t sampling_bytes; /* a block is recorded about every so many bytes allocated; 0: every block is */
	uint32_t repeat_name;    /* number of the name whose marks are the repetitions of the history; 0: none */

	/* producers; all atomic */
	uint64_t slot_count __attribute__((aligned(64))); /* slots ever used */
	uint64_t free_slots;    /* tag << 32 | slot + 1 */
	uint64_t segment_count; /* segments ever used */
	uint64_t ring_bytes;    /* the memory they take */
	uint64_t free_segments; /* tag << 32 | segment */
	uint64_t node_count;
	uint64_t module_count;
	uint64_t string_bytes;
	uint64_t code_epoch;    /* counts the unloadings of code */
	uint64_t lost[8];       /* events, by enum allot_lost */
	uint64_t bootstrap, limited, truncated, verified, differing;
	uint64_t children, untraced_children;
	uint32_t difference_count; /* stacks kept below (atomic); may count on when they are full */
	struct {
		uint32_t walked, reference; /* nodes: what the walk found, and what the reference unwinder did */
	} differences[ALLOT_DIFFERENCES];
	uint32_t domain_names[ALLOT_DOMAIN_NAMES]; /* offsets in strings, by the domain's number; 0: it has none */
	struct allot_refused { /* programs executed that cannot be traced */
		uint32_t text;  /* offset in strings: path and reason; 0: none (atomic) */
		uint32_t count; /* how many times (atomic) */
	} refused[ALLOT_REFUSED];
	uint64_t refused_others; /* those that did not fit (atomic) */
	uint32_t stopped;       /* recording has stopped, against the program's will */
	uint32_t exit_state;    /* enum allot_exit, as far as the process itself could say */
	int32_t exit_value;
	uint32_t index_level;   /* which hash table of the stack tree is in use */
	uint32_t index_moving;  /* a thread is filling it from the one before */
	uint32_t index_used[32]; /* nodes in each */
	uint64_t name_count, scope_count, budget_count; /* the highest number */
	uint64_t dropped_scopes; /* how often there was no room for one */
	uint32_t name_heads[ALLOT_HEADS], scope_heads[ALLOT_HEADS]; /* by hash; 0: none */

	/* the newest stamp that was counted, and none of those that follow is less; 0: no program counts (atomic) */
	uint64_t counted __attribute__((aligned(64)));
	uint32_t threads;       /* the program has had a second thread: from then on stamps are read (atomic) */
	uint32_t tickets[ALLOT_TICKETS] __attribute__((aligned(64))); /* the next to be drawn, by bucket (atomic) */

	struct allot_leak_look leaks;
	struct allot_object_look objects;

	/* drainer */
	uint64_t lock __attribute__((aligned(64))); /* who drains, see drain.c; 0: nobody (atomic) */
	uint64_t wanted_until_ns; /* CLOCK_MONOTONIC: until then producers leave the lock to a reader (atomic) */
	uint32_t dropping;      /* enum allot_dropping (atomic: the program and its readers look at it, too) */
	uint32_t reader;        /* a reader drains now and then: producers leave it to that for a while (atomic) */
	uint64_t site_count;    /* the first site is number 1 */
	uint32_t site_bits;     /* which hash table of the sites is in use; 0: none yet */
	uint64_t page_count;    /* the first page is number 1 */
	uint32_t free_page;     /* one that was given back; 0: none */
	uint32_t directory_bits;
	uint32_t map_count;
	uint32_t mark_count;
	uint32_t sample_count;
	uint64_t dropped_marks;
	uint64_t share_count;   /* the first share is number 1 */
	uint64_t sample_interval; /* stamp ticks between two samples */
	uint64_t next_sample;   /* stamp */
	uint32_t clearing;      /* enum allot_clearing that is to be done again, 0: none; never while a batch is put in */
	uint64_t batch;         /* counts the batches of events that were drained: what a drainer remembers may be old */
	struct allot_totals totals;
	struct allot_store_history history;
	struct allot_split split;
	struct allot_remapping mapping;
	uint32_t applied[ALLOT_TICKETS] __attribute__((aligned(64))); /* the ticket whose turn it is, by bucket */
};

#endif
