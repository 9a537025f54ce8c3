/* SPDX-License-Identifier: MIT */
/* What in a process is a root. */
#include "scan/roots.h"

#include <errno.h>
#include <string.h>

#include "common/sys.h"
#include "scan/threads.h"
#include "scan/uncopied.h"
#include "store/layout.h"

/* Above this, a block's pages are asked for before they are read: most may never have been touched. */
enum { LARGE = 1 << 18 };

#define PAGE_MASK UINT64_C(4095)

/* glibc's arenas: heaps of this size, at multiples of it. */
#define ARENA_HEAP (UINT64_C(64) << 20)
#define CHUNK_FLAGS UINT64_C(7)
#define CHUNK_MAPPED UINT64_C(2)

int allotp_roots_begin(struct allot_roots *roots)
{
	roots->unreadable_bytes = allotp_uncopied_fetch(roots->pid, roots->own, roots->own_count);
	return allotp_mappings_read(&roots->mappings, roots->pid);
}

void allotp_roots_release(struct allot_roots *roots)
{
	allotp_mappings_release(&roots->mappings);
	allotp_scan_unmap(roots->excluded, roots->excluded_room * sizeof(*roots->excluded));
}

static const void *look(void *context, uint64_t address, uint64_t *size)
{
	struct allot_roots *roots = context;
	const struct allot_mapping *mapping;
	uint64_t start = address, end = address + *size;

	if (*size < LARGE)
		return (const void *)(uintptr_t)address;
	mapping = allotp_mappings_find(&roots->mappings, address);
	if (!mapping || mapping->shared)
		return (const void *)(uintptr_t)address;
	if (end > mapping->end)
		end = mapping->end;
	*size = end - address;
	if (!allotp_mappings_touched(&roots->mappings, mapping, &start, &end))
		return NULL;
	if (start > address) {
		*size = start - address;
		return NULL;
	}
	*size = end - address;
	return (const void *)(uintptr_t)address;
}

static bool is_of_code(const struct allot_roots *roots, uint64_t word)
{
	const struct allot_mapping *mapping = allotp_mappings_find(&roots->mappings, word);

	return mapping && mapping->executable && mapping->kind == ALLOT_MAPPING_FILE;
}

/* Lies in a file's constant data and begins with a function. */
static bool is_vtable(void *context, uint64_t word)
{
	const struct allot_roots *roots = context;
	const struct allot_mapping *mapping = word & 7 ? NULL : allotp_mappings_find(&roots->mappings, word);
	uint64_t slots[2];

	if (!mapping || mapping->kind != ALLOT_MAPPING_FILE || !mapping->readable || mapping->executable ||
	    mapping->shared || mapping->end - word < sizeof(slots))
		return false;
	memcpy(slots, (const void *)(uintptr_t)word, sizeof(slots));
	return is_of_code(roots, slots[0]) || is_of_code(roots, slots[1]);
}

struct allot_scan_memory allotp_roots_memory(struct allot_roots *roots)
{
	return (struct allot_scan_memory){ .look = look, .is_vtable = is_vtable, .context = roots };
}

/* ---- what is not a root ---- */

static void exclude(struct allot_roots *roots, uint64_t start, uint64_t end)
{
	struct allot_range *last = roots->excluded_count ? &roots->excluded[roots->excluded_count - 1] : NULL;

	if (start >= end)
		return;
	/* Blocks come in order, and many lie side by side. */
	if (last && start >= last->start && start <= last->end) {
		last->end = end > last->end ? end : last->end;
		return;
	}
	if (roots->excluded_count < roots->excluded_room)
		roots->excluded[roots->excluded_count++] = (struct allot_range){ start, end };
}

static bool is_readable(const struct allot_roots *roots, uint64_t address, uint64_t size)
{
	const struct allot_mapping *mapping = allotp_mappings_find(&roots->mappings, address);

	return mapping && mapping->readable && mapping->kind != ALLOT_MAPPING_OTHER && mapping->end - address >= size;
}

static uint64_t word_at(uint64_t address)
{
	uint64_t word;

	memcpy(&word, (const void *)(uintptr_t)address, sizeof(word));
	return word;
}

/* The head of one of glibc's heaps: its arena, the heap before, its size and how much of it is accessible. */
static bool is_arena_heap(const struct allot_roots *roots, uint64_t base)
{
	uint64_t arena, before, size, accessible;

	if (!is_readable(roots, base, 4 * sizeof(uint64_t)))
		return false;
	arena = word_at(base);
	before = word_at(base + 8);
	size = word_at(base + 16);
	accessible = word_at(base + 24);
	return arena && (arena & (ARENA_HEAP - 1)) <= 64 && !(before & (ARENA_HEAP - 1)) && size &&
	       size <= accessible && accessible <= ARENA_HEAP && !(size & PAGE_MASK) && !(accessible & PAGE_MASK);
}

static void exclude_heaps(struct allot_roots *roots)
{
	for (size_t i = 0; i < roots->mappings.count; i++) {
		const struct allot_mapping *mapping = &roots->mappings.list[i];

		if (mapping->kind == ALLOT_MAPPING_HEAP) {
			exclude(roots, mapping->start, mapping->end);
			continue;
		}
		if (mapping->kind != ALLOT_MAPPING_ANONYMOUS || mapping->shared || !mapping->readable)
			continue;
		for (uint64_t base = (mapping->start + ARENA_HEAP - 1) & ~(ARENA_HEAP - 1);
		     base < mapping->end && mapping->end - base >= 4096; base += ARENA_HEAP) {
			if (is_arena_heap(roots, base))
				exclude(roots, base, base + ARENA_HEAP);
		}
	}
}

/* The mapping that glibc's malloc has made for one block alone; else the block itself. */
static struct allot_range own_range(const struct allot_roots *roots, const struct allot_scan_block *block)
{
	uint64_t end = block->address + block->size;

	if (is_readable(roots, block->address - 16, 16)) {
		uint64_t before = word_at(block->address - 16), size = word_at(block->address - 8);
		uint64_t start = block->address - 16 - before, to = block->address - 16 + (size & ~CHUNK_FLAGS);

		if ((size & CHUNK_FLAGS) == CHUNK_MAPPED && !(start & PAGE_MASK) && !(to & PAGE_MASK) &&
		    start < block->address && to >= end)
			return (struct allot_range){ start, to };
	}
	return (struct allot_range){ block->address, end };
}

/* What lies outside of glibc's heaps; those are the ranges excluded by now, in order. */
static void exclude_blocks(struct allot_roots *roots, const struct allot_scan *scan, size_t heaps)
{
	size_t heap = 0;

	for (uint32_t i = 0; i < scan->count; i++) {
		const struct allot_scan_block *block = &scan->blocks[i];
		struct allot_range range;

		while (heap < heaps && roots->excluded[heap].end <= block->address)
			heap++;
		if (heap < heaps && block->address >= roots->excluded[heap].start)
			continue;
		range = own_range(roots, block);
		exclude(roots, range.start, range.end);
	}
}

static void sift(struct allot_range *list, size_t root, size_t count)
{
	for (;;) {
		size_t child = 2 * root + 1;
		struct allot_range range;

		if (child >= count)
			return;
		if (child + 1 < count && list[child].start < list[child + 1].start)
			child++;
		if (list[root].start >= list[child].start)
			return;
		range = list[root];
		list[root] = list[child];
		list[child] = range;
		root = child;
	}
}

static void sort_ranges(struct allot_range *list, size_t count)
{
	for (size_t i = count / 2; i--;)
		sift(list, i, count);
	for (size_t i = count; i-- > 1;) {
		struct allot_range range = list[0];

		list[0] = list[i];
		list[i] = range;
		sift(list, 0, i);
	}
}

static void exclude_threads(struct allot_roots *roots)
{
	for (uint64_t at = 0; at < roots->held_count;) {
		const struct allot_held_thread *thread = (const void *)&roots->held[at];
		struct allot_range stack = allotp_threads_stack(&roots->mappings, thread, roots->pid);
		uint64_t own = thread->thread_pointer + (uint64_t)roots->own_thread_offset;

		/* The sp may be that of another stack, a coroutine's or a handler's: then all of this one may be in use. */
		if (thread->sp > stack.start && thread->sp <= stack.end)
			exclude(roots, stack.start, thread->sp);
		if (thread->thread_pointer && is_readable(roots, own, roots->own_thread_size))
			exclude(roots, own, own + roots->own_thread_size);
		at += sizeof(*thread) / sizeof(uint64_t) + thread->words;
	}
}

struct search {
	struct allot_roots *roots;
	struct allot_scan *scan;
};

static void exclude_dead(void *context, struct allot_range stack, uint64_t table, uint64_t result)
{
	const struct search *search = context;

	exclude(search->roots, stack.start, stack.end);
	allotp_scan_root_word(search->scan, table, ALLOT_SCAN_REGISTER);
	allotp_scan_root_word(search->scan, result, ALLOT_SCAN_REGISTER);
}

static int find_excluded(struct allot_roots *roots, struct allot_scan *scan)
{
	size_t heaps;

	roots->excluded_room = scan->count + (UINT64_C(1) << 20);
	roots->excluded = allotp_scan_map(roots->excluded_room * sizeof(*roots->excluded));
	if (!roots->excluded)
		return -ENOMEM;
	if (!roots->whole_heap)
		exclude_heaps(roots);
	heaps = roots->excluded_count;
	sort_ranges(roots->excluded, heaps);
	exclude_blocks(roots, scan, heaps);
	for (size_t i = 0; i < roots->own_count; i++)
		exclude(roots, roots->own[i].start, roots->own[i].end);
	exclude(roots, (uintptr_t)roots->mappings.list, (uintptr_t)roots->mappings.list + roots->mappings.size);
	exclude_threads(roots);
	if (roots->threads) {
		struct search search = { roots, scan };

		allotp_threads_dead(&roots->mappings, &roots->thread_fields, roots->held, roots->held_count,
				    exclude_dead, &search);
	}
	if (roots->excluded_count == roots->excluded_room)
		return -EFBIG;
	sort_ranges(roots->excluded, roots->excluded_count);
	return 0;
}

/* ---- what is ---- */

static void give_touched(struct allot_roots *roots, struct allot_scan *scan, struct allot_mapping *mapping,
			 uint64_t start, uint64_t stop)
{
	uint64_t end = stop;

	for (; allotp_mappings_touched(&roots->mappings, mapping, &start, &end); start = end, end = stop) {
		bool of_libc = start < roots->libc.end && end > roots->libc.start;
		uint64_t loader_end = (roots->loader.end + PAGE_MASK) & ~PAGE_MASK;
		bool of_loader = start < loader_end && end > roots->loader.start;

		/* What comes behind its last page is not the loader's. */
		if (of_loader && end > loader_end)
			end = loader_end;

		if (!allotp_mappings_open(mapping)) {
			roots->unreadable_bytes += end - start;
			continue;
		}
		/* A heap that is a root has such words, too. */
		allotp_scan_root(scan, start, end,
				 (of_libc || roots->whole_heap ? ALLOT_SCAN_ALLOCATORS : 0) |
					 (of_loader ? ALLOT_SCAN_LOADERS : 0));
		roots->root_bytes += end - start;
	}
}

static void give_mapping(struct allot_roots *roots, struct allot_scan *scan, struct allot_mapping *mapping,
			 size_t *next)
{
	uint64_t start = mapping->start;

	if (mapping->kind == ALLOT_MAPPING_OTHER)
		return;
	while (*next < roots->excluded_count && roots->excluded[*next].end <= start)
		++*next;
	for (size_t i = *next; start < mapping->end; i++) {
		uint64_t stop = mapping->end;

		if (i < roots->excluded_count && roots->excluded[i].start < stop)
			stop = roots->excluded[i].start;
		if (start < stop)
			give_touched(roots, scan, mapping, start, stop);
		if (stop == mapping->end)
			break;
		start = roots->excluded[i].end > start ? roots->excluded[i].end : start;
	}
}

/* A stack or a thread's memory may lie in a block: then it is in use, whoever points to it, and is looked at as it is used. */
static void give_threads(struct allot_roots *roots, struct allot_scan *scan)
{
	for (uint64_t at = 0; at < roots->held_count;) {
		const struct allot_held_thread *thread = (const void *)&roots->held[at];
		const uint64_t *words = (const uint64_t *)(thread + 1);
		uint64_t holder = ALLOT_SCAN_REGISTER | thread->tid;
		uint32_t block = allotp_scan_find(scan, thread->sp);

		for (uint64_t i = 0; i < thread->words; i++)
			allotp_scan_root_word(scan, words[i], holder);
		if (block != ALLOT_SCAN_NO_BLOCK)
			allotp_scan_root_block(scan, block, holder);
		block = allotp_scan_find(scan, thread->signal_stack);
		if (block != ALLOT_SCAN_NO_BLOCK)
			allotp_scan_root_block(scan, block, holder);
		block = allotp_scan_find(scan, thread->thread_pointer);
		if (block != ALLOT_SCAN_NO_BLOCK)
			allotp_scan_root_block(scan, block, holder);
		/* What names the blocks of dynamic thread-local memory begins 16 bytes before; it stands in one of two words. */
		for (uint64_t i = 0; i < 16 && is_readable(roots, thread->thread_pointer, 16); i += 8)
			allotp_scan_root_word(scan, word_at(thread->thread_pointer + i) - 16, holder);
		at += sizeof(*thread) / sizeof(uint64_t) + thread->words;
	}
}

/* Blocks in pages that are protected, or that fork has not copied. */
static void check_blocks(struct allot_roots *roots, struct allot_scan *scan)
{
	size_t next = 0;

	for (uint32_t i = 0; i < scan->count; i++) {
		struct allot_scan_block *block = &scan->blocks[i];
		uint64_t at = block->address, end = block->address + block->size;

		while (next < roots->mappings.count && roots->mappings.list[next].end <= at)
			next++;
		for (size_t j = next; at < end; j++) {
			struct allot_mapping *mapping = &roots->mappings.list[j];

			if (j == roots->mappings.count || mapping->start > at || mapping->kind == ALLOT_MAPPING_OTHER ||
			    !allotp_mappings_open(mapping)) {
				block->flags |= ALLOT_SCAN_UNREADABLE;
				roots->unreadable_bytes += block->size;
				break;
			}
			at = mapping->end;
		}
	}
}

int allotp_roots_give(struct allot_roots *roots, struct allot_scan *scan)
{
	size_t next = 0;
	int result;

	check_blocks(roots, scan);
	result = find_excluded(roots, scan);
	if (result)
		return result;
	for (size_t i = 0; i < roots->mappings.count; i++)
		give_mapping(roots, scan, &roots->mappings.list[i], &next);
	give_threads(roots, scan);
	for (size_t i = 0; i < roots->more_count; i++) {
		if (roots->more[i].end > roots->more[i].start &&
		    is_readable(roots, roots->more[i].start, roots->more[i].end - roots->more[i].start))
			allotp_scan_root(scan, roots->more[i].start, roots->more[i].end, 0);
	}
	return 0;
}
