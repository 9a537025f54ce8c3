/* SPDX-License-Identifier: MIT */
/*
 * Which blocks a program can still reach: the engine, which knows nothing of processes. It is given the blocks, then the
 * words of memory that are *roots*, and says of each block what memcheck would:
 *
 *   reachable   a chain of pointers to the starts of blocks leads to it from a root
 *   possible    a chain leads to it, but some pointer in every chain points into the middle of a block
 *   definite    no chain leads to it: it is lost, and no other lost block leads to it (of a cycle, the block at the
 *               lowest address stands for all)
 *   indirect    it is lost, and a lost block leads to it: its *leader* is the definite one that does
 *
 * Pointers are aligned words; among lost blocks one into the middle counts as one to the start, as in memcheck. A block of
 * no bytes counts as one byte. All memory comes from mmap; nothing recurses. May be used in a process that was just forked
 * from one with threads.
 */
#ifndef ALLOT_SCAN_SCAN_H
#define ALLOT_SCAN_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum allot_scan_class {
	ALLOT_SCAN_DEFINITE,
	ALLOT_SCAN_INDIRECT,
	ALLOT_SCAN_POSSIBLE,
	ALLOT_SCAN_REACHABLE,
	ALLOT_SCAN_CLASSES,
};

/* Interior pointers that count as pointers to the start; memcheck's names. */
enum {
	ALLOT_SCAN_STDSTRING = 1, /* past the length, capacity and count of an old std::string */
	ALLOT_SCAN_LENGTH64 = 2,  /* 8 bytes past a word that is the size of the rest */
	/* 8 bytes past a word that divides the size of the rest, or is 0 with no rest: C++ new[] with destructors */
	ALLOT_SCAN_NEWARRAY = 4,
	ALLOT_SCAN_MULTIPLE_INHERITANCE = 8, /* to a table of virtual functions inside an object that begins with one */
	ALLOT_SCAN_HEURISTICS = 15,
};

/* Names with commas between, "all" or "none"; *end is where it stopped making sense, or the text's end. */
unsigned int allotp_scan_heuristics(const char *text, const char **end);
/* The other way, into a text of up to ALLOT_SCAN_NAMES bytes with its end. Returns where that is. */
enum { ALLOT_SCAN_NAMES = 64 };
char *allotp_scan_heuristics_name(unsigned int heuristics, char *to);

#define ALLOT_SCAN_NO_BLOCK UINT32_MAX

struct allot_scan_block {
	uint64_t address;
	uint64_t size;
	uint32_t site;  /* the caller's */
	uint32_t flags; /* private to the engine once it has begun, but for what the caller sets and keeps there */
};

enum { /* flags */
       ALLOT_SCAN_REACHED = 1,
       ALLOT_SCAN_PERHAPS = 2,     /* by interior pointers */
       ALLOT_SCAN_NOTED = 4,       /* an interior pointer was seen while blocks are being reached */
       ALLOT_SCAN_HELD = 8,        /* lost, but another lost block points to it */
       ALLOT_SCAN_LED = 16,        /* lost, and has a leader */
       ALLOT_SCAN_UNREADABLE = 32, /* set by the caller: its memory is not to be looked at */
       ALLOT_SCAN_HEADED =
	       64, /* set by the caller: the program's own header is in front; any pointer is to the start */
       ALLOT_SCAN_CALLERS = 128, /* this bit and those above are the caller's */
};

/* How the engine sees memory. */
struct allot_scan_memory {
	/*
	 * Where the bytes at an address can be read; *size says how many are wanted, and becomes how many there are in one
	 * piece. NULL: the next *size bytes have nothing to see. *size stays above 0 and, unless all are there, a multiple of 8.
	 */
	const void *(*look)(void *context, uint64_t address, uint64_t *size);
	/* Whether a word looks like the address of a table of virtual functions. NULL: none does. */
	bool (*is_vtable)(void *context, uint64_t word);
	void *context;
};

/* A pointer from a lost block to another, in the order of blocks and offsets. */
typedef void allot_scan_edge_fn(void *context, uint32_t from, uint64_t offset, uint32_t to, uint64_t inside);

struct allot_scan_candidate {
	uint64_t word, holder; /* the address where the word is */
	uint64_t cell;
	uint32_t next;
};

enum { ALLOT_SCAN_AHEAD = 32, ALLOT_SCAN_BATCH = 1 << 20 };

struct allot_scan {
	/* to be set by the caller */
	struct allot_scan_memory memory;
	unsigned int heuristics;
	allot_scan_edge_fn *edge; /* NULL: pointers between lost blocks are not wanted */
	void *edge_context;

	/* given by allotp_scan_begin */
	struct allot_scan_block *blocks; /* by address; one more stands behind the last */
	uint32_t count;
	uint64_t *holders; /* by block: where the pointer is that it was reached by; 0: lost. NULL unless wanted */
	uint32_t *
		leaders; /* by block: for lost ones its leader (its own number when definite); after allotp_scan_finish */
	/*
	 * The blocks that a chain of pointers leads to. So many that are reachable come first, in the order of the lengths of their
	 * shortest chains, which are those that holders[] tells; behind them so many that perhaps are. After allotp_scan_finish.
	 */
	uint32_t *queue, reached, possible;

	/* private */
	uint64_t low, span; /* of all blocks */
	uint64_t first_chunk;
	uint64_t *chunks; /* by MiB: cells of that MiB << 8 | shift; 0: no block is there */
	uint32_t *cells;  /* the first block at or after the cell's start */
	size_t chunks_size, cells_size, blocks_size;
	uint32_t queued, looked; /* each block is in the queue once at most: how many are, and were looked into */
	uint32_t *batch;         /* of the queue, being looked into */
	uint32_t *later;         /* blocks that perhaps are to be looked into */
	uint32_t later_used;
	uint64_t *path; /* of the search for cycles: where it is in each block of its stack */
	unsigned int phase;
	unsigned int root_kind; /* of the words that are looked at */
	uint32_t from;          /* block being looked into; ALLOT_SCAN_NO_BLOCK: a root */
	uint32_t leader;
	uint32_t head;
	struct allot_scan_candidate ahead[ALLOT_SCAN_AHEAD];
	uint64_t words; /* looked at */
};

/*
 * Takes the blocks over, sorts them and builds the index. capacity: of the mapping that `blocks` is the start of, in blocks;
 * must be above count, as one entry behind the last is the engine's. Of two blocks at one address the first given stays.
 * 0 or a negative errno (-ENOMEM, -EFBIG: more than 2³² − 2 blocks); the blocks are released by allotp_scan_release in any case.
 */
int allotp_scan_begin(struct allot_scan *scan, struct allot_scan_block *blocks, uint64_t count, uint64_t capacity,
		      bool want_holders);
void allotp_scan_release(struct allot_scan *scan);

/* The block that the address lies in, or ALLOT_SCAN_NO_BLOCK. */
uint32_t allotp_scan_find(const struct allot_scan *scan, uint64_t address);

enum { /* what kind of memory a root is */
       /* The allocator's own: a word that equals the address of the chunk behind a block is its bookkeeping (glibc's bins, top). */
       ALLOT_SCAN_ALLOCATORS = 1,
       /* The loader's own, which aligns by hand: all its pointers count as pointers to starts. */
       ALLOT_SCAN_LOADERS = 2,
};

/* Gives roots: all aligned words in [start, end), or one word of no special kind. */
void allotp_scan_root(struct allot_scan *scan, uint64_t start, uint64_t end, unsigned int kind);
void allotp_scan_root_word(struct allot_scan *scan, uint64_t word, uint64_t holder);
/* Makes a block reachable, whoever points to it. */
void allotp_scan_root_block(struct allot_scan *scan, uint32_t block, uint64_t holder);

/* After the last root: follows all pointers, and finds the leaders of what is lost. 0 or -ENOMEM. */
int allotp_scan_finish(struct allot_scan *scan);

static inline enum allot_scan_class allotp_scan_class(const struct allot_scan *scan, uint32_t block)
{
	uint32_t flags = scan->blocks[block].flags;

	if (flags & ALLOT_SCAN_REACHED)
		return ALLOT_SCAN_REACHABLE;
	if (flags & ALLOT_SCAN_PERHAPS)
		return ALLOT_SCAN_POSSIBLE;
	return scan->leaders[block] == block ? ALLOT_SCAN_DEFINITE : ALLOT_SCAN_INDIRECT;
}

/* ---- between the engine's files ---- */

/* Whether a pointer `inside` bytes behind the start of a block counts as one to its start. */
bool allotp_scan_is_start(const struct allot_scan *scan, const struct allot_scan_block *block, uint64_t inside);

/* Whether the block, of 8 bytes, may be an array of none: then a pointer to its end counts as one to its start. */
bool allotp_scan_is_empty_array(const struct allot_scan *scan, const struct allot_scan_block *block);

/* Zeroed memory that costs nothing until it is used; NULL: none left. */
void *allotp_scan_map(size_t size);
/* The same, of which most will be used, in no order: on large pages, where there are such. */
void *allotp_scan_map_large(size_t size);
void allotp_scan_unmap(void *memory, size_t size);

#endif
