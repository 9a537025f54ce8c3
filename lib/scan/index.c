/* SPDX-License-Identifier: MIT */
/*
 * The index of blocks: sorted by address, and for each MiB of address space that has blocks a row of cells, about as many as
 * blocks begin there, so that finding the block of a word takes two look-ups wherever it is.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/sys.h"
#include "scan/scan.h"

enum { CHUNK_BITS = 20, SHIFT_BITS = 8 };

#define CHUNK_MASK ((UINT64_C(1) << CHUNK_BITS) - 1)

void *allotp_scan_map(size_t size)
{
	void *memory = allotp_sys_mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return allotp_sys_failed(memory) ? NULL : memory;
}

void *allotp_scan_map_large(size_t size)
{
	enum { LARGE = 4 << 20 };
	void *memory = allotp_scan_map(size);

	if (memory && size >= LARGE)
		allotp_sys_madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

void allotp_scan_unmap(void *memory, size_t size)
{
	if (memory)
		allotp_sys_munmap(memory, size ? size : 1);
}

static uint64_t chunk_of(const struct allot_scan *scan, uint64_t address)
{
	return (address >> CHUNK_BITS) - scan->first_chunk;
}

static uint64_t end_of(const struct allot_scan_block *block)
{
	return block->address + (block->size ? block->size : 1);
}

static void measure(struct allot_scan *scan)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (uint32_t i = 0; i < scan->count; i++) {
		if (scan->blocks[i].address < low)
			low = scan->blocks[i].address;
		if (end_of(&scan->blocks[i]) > high)
			high = end_of(&scan->blocks[i]);
	}
	scan->low = scan->count ? low : 0;
	scan->span = scan->count ? high - low : 0;
	scan->first_chunk = scan->low >> CHUNK_BITS;
}

/* Puts a heap of numbers in order; few chunks are far apart. */
static void sift(uint32_t *list, uint32_t root, uint32_t count)
{
	for (;;) {
		uint32_t child = 2 * root + 1, value;

		if (child >= count)
			return;
		if (child + 1 < count && list[child] < list[child + 1])
			child++;
		if (list[root] >= list[child])
			return;
		value = list[root];
		list[root] = list[child];
		list[child] = value;
		root = child;
	}
}

static void sort_numbers(uint32_t *list, uint32_t count)
{
	for (uint32_t i = count / 2; i--;)
		sift(list, i, count);
	for (uint32_t i = count; i-- > 1;) {
		uint32_t value = list[0];

		list[0] = list[i];
		list[i] = value;
		sift(list, 0, i);
	}
}

static void sort_few(struct allot_scan_block *blocks, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		struct allot_scan_block block = blocks[i];
		uint32_t j = i;

		for (; j && blocks[j - 1].address > block.address; j--)
			blocks[j] = blocks[j - 1];
		blocks[j] = block;
	}
}

/* Sorts the blocks of one chunk by the low bits of their addresses: two stable passes. */
static void sort_many(struct allot_scan_block *blocks, struct allot_scan_block *spare, uint32_t count)
{
	enum { DIGITS = 1 << (CHUNK_BITS / 2) };

	for (int pass = 0; pass < 2; pass++) {
		uint32_t places[DIGITS + 1] = { 0 };

		for (uint32_t i = 0; i < count; i++)
			places[(blocks[i].address >> (pass * CHUNK_BITS / 2) & (DIGITS - 1)) + 1]++;
		for (uint32_t i = 1; i < DIGITS; i++)
			places[i] += places[i - 1];
		for (uint32_t i = 0; i < count; i++)
			spare[places[blocks[i].address >> (pass * CHUNK_BITS / 2) & (DIGITS - 1)]++] = blocks[i];
		memcpy(blocks, spare, count * sizeof(*blocks));
	}
}

/* How many blocks begin in each chunk that has any, and which chunks those are, in order. */
static uint32_t count_chunks(struct allot_scan *scan, uint32_t *list)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < scan->count; i++) {
		uint64_t *chunk = &scan->chunks[chunk_of(scan, scan->blocks[i].address)];

		if (!(*chunk)++)
			list[used++] = (uint32_t)(chunk - scan->chunks);
	}
	sort_numbers(list, used);
	return used;
}

/* By chunk, then within each; `sorted` becomes the blocks. */
static void sort_blocks(struct allot_scan *scan, struct allot_scan_block *sorted, const uint32_t *list, uint32_t used)
{
	struct allot_scan_block *old = scan->blocks;
	uint64_t place = 0;
	uint32_t begin = 0;

	for (uint32_t i = 0; i < used; i++) {
		uint64_t count = scan->chunks[list[i]];

		scan->chunks[list[i]] = place;
		place += count;
	}
	for (uint32_t i = 0; i < scan->count; i++)
		sorted[scan->chunks[chunk_of(scan, old[i].address)]++] = old[i];
	for (uint32_t i = 0; i < used; i++) {
		uint32_t end = (uint32_t)scan->chunks[list[i]];

		/* What was scattered is in the new place: the old one is free. */
		if (end - begin > 48)
			sort_many(sorted + begin, old, end - begin);
		else
			sort_few(sorted + begin, end - begin);
		begin = end;
	}
}

/* Two blocks at one address: the first stays. */
static void drop_doubles(struct allot_scan *scan)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < scan->count; i++) {
		if (!kept || scan->blocks[kept - 1].address != scan->blocks[i].address)
			scan->blocks[kept++] = scan->blocks[i];
	}
	scan->count = kept;
	memset(&scan->blocks[kept], 0, sizeof(scan->blocks[kept]));
	scan->blocks[kept].address = UINT64_MAX;
}

/* So that there are at least as many cells as blocks. */
static unsigned int shift_for(uint32_t blocks)
{
	unsigned int shift = CHUNK_BITS;

	while (shift > 4 && UINT64_C(1) << (CHUNK_BITS - shift) < blocks)
		shift--;
	return shift;
}

/* Fills the cells of one chunk, in which blocks first to end - 1 begin. Returns how many cells it has. */
static uint64_t fill_chunk(struct allot_scan *scan, uint64_t chunk, uint32_t first, uint32_t end, uint64_t base)
{
	unsigned int shift = shift_for(end - first);
	uint64_t cells = UINT64_C(1) << (CHUNK_BITS - shift), start = (chunk + scan->first_chunk) << CHUNK_BITS;
	uint32_t next = first;

	for (uint64_t i = 0; i < cells; i++) {
		while (next < end && scan->blocks[next].address < start + (i << shift))
			next++;
		scan->cells[base + i] = next;
	}
	scan->chunks[chunk] = base << SHIFT_BITS | shift;
	return cells;
}

static void fill_cells(struct allot_scan *scan)
{
	uint64_t base = 1, covered = 0; /* chunks below this one are done */

	for (uint32_t i = 0; i < scan->count;) {
		uint64_t chunk = chunk_of(scan, scan->blocks[i].address), last = chunk;
		uint32_t first = i;

		while (i < scan->count && chunk_of(scan, scan->blocks[i].address) == chunk) {
			uint64_t end = chunk_of(scan, end_of(&scan->blocks[i]) - 1);

			last = end > last ? end : last;
			i++;
		}
		/* Where a block of the chunk before ends, too. */
		base += fill_chunk(scan, chunk, first, i, base);
		covered = chunk + 1;
		for (uint64_t next = i < scan->count ? chunk_of(scan, scan->blocks[i].address) : UINT64_MAX;
		     covered <= last && covered < next; covered++)
			base += fill_chunk(scan, covered, i, i, base);
	}
}

/* How many cells there will be at most: up to twice the blocks, and one for each MiB that a block covers. */
static uint64_t cells_at_most(const struct allot_scan *scan)
{
	uint64_t cells = 2 + 2 * (uint64_t)scan->count;

	for (uint32_t i = 0; i < scan->count; i++)
		cells += (scan->blocks[i].size >> CHUNK_BITS) + 2;
	return cells;
}

static int build(struct allot_scan *scan)
{
	uint64_t chunks = scan->count ? chunk_of(scan, scan->low + scan->span - 1) + 1 : 1;
	struct allot_scan_block *sorted = allotp_scan_map_large(scan->blocks_size);
	uint32_t *list = allotp_scan_map_large(scan->count * sizeof(*list)), used;
	size_t list_size = scan->count * sizeof(*list);

	scan->chunks_size = chunks * sizeof(*scan->chunks);
	scan->chunks = allotp_scan_map(scan->chunks_size);
	scan->cells_size = cells_at_most(scan) * sizeof(*scan->cells);
	scan->cells = allotp_scan_map_large(scan->cells_size);
	if (!sorted || !list || !scan->chunks || !scan->cells) {
		allotp_scan_unmap(sorted, scan->blocks_size);
		allotp_scan_unmap(list, list_size);
		return -ENOMEM;
	}
	/* A look at a word that is no pointer touches a page of it: it should be a small one. */
	allotp_sys_madvise(scan->chunks, scan->chunks_size, MADV_NOHUGEPAGE);
	used = count_chunks(scan, list);
	sort_blocks(scan, sorted, list, used);
	allotp_scan_unmap(scan->blocks, scan->blocks_size);
	scan->blocks = sorted;
	drop_doubles(scan);
	fill_cells(scan);
	allotp_scan_unmap(list, list_size);
	return 0;
}

int allotp_scan_begin(struct allot_scan *scan, struct allot_scan_block *blocks, uint64_t count, uint64_t capacity,
		      bool want_holders)
{
	size_t numbers = count * sizeof(uint32_t);
	int result;

	scan->blocks = blocks;
	scan->blocks_size = capacity * sizeof(*blocks);
	if (count >= UINT32_MAX - 1)
		return -EFBIG;
	scan->count = (uint32_t)count;
	scan->from = ALLOT_SCAN_NO_BLOCK;
	measure(scan);
	result = build(scan);
	if (result)
		return result;
	scan->queue = allotp_scan_map_large(numbers);
	scan->later = allotp_scan_map_large(numbers);
	scan->batch = allotp_scan_map(ALLOT_SCAN_BATCH * sizeof(*scan->batch));
	scan->leaders = allotp_scan_map_large(numbers);
	scan->holders = want_holders ? allotp_scan_map_large(2 * numbers) : NULL;
	if (!scan->queue || !scan->later || !scan->batch || !scan->leaders || (want_holders && !scan->holders))
		return -ENOMEM;
	return 0;
}

void allotp_scan_release(struct allot_scan *scan)
{
	size_t numbers = scan->count * sizeof(uint32_t);

	allotp_scan_unmap(scan->blocks, scan->blocks_size);
	allotp_scan_unmap(scan->chunks, scan->chunks_size);
	allotp_scan_unmap(scan->cells, scan->cells_size);
	allotp_scan_unmap(scan->queue, numbers);
	allotp_scan_unmap(scan->later, numbers);
	allotp_scan_unmap(scan->batch, ALLOT_SCAN_BATCH * sizeof(*scan->batch));
	allotp_scan_unmap(scan->leaders, numbers);
	allotp_scan_unmap(scan->holders, 2 * numbers);
	memset(scan, 0, sizeof(*scan));
}

uint32_t allotp_scan_find(const struct allot_scan *scan, uint64_t address)
{
	uint64_t chunk;
	uint32_t i;

	if (address - scan->low >= scan->span)
		return ALLOT_SCAN_NO_BLOCK;
	chunk = scan->chunks[chunk_of(scan, address)];
	if (!chunk)
		return ALLOT_SCAN_NO_BLOCK;
	i = scan->cells[(chunk >> SHIFT_BITS) + ((address & CHUNK_MASK) >> (chunk & 0xff))];
	while (scan->blocks[i].address <= address)
		i++;
	if (!i || address >= end_of(&scan->blocks[i - 1]))
		return ALLOT_SCAN_NO_BLOCK;
	return i - 1;
}
