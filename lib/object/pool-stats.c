/* SPDX-License-Identifier: MIT */
/* Counts what lies in the pools, and says it as Python's sys._debugmallocstats() does. */
#include <inttypes.h>
#include <stdio.h>

#include "object/heap.h"

static void add_pool(struct allot_pool_usage *stats, const struct allotp_pool *pool)
{
	struct allot_pool_class *class = &stats->classes[pool->class_index];
	size_t size = (size_t)pool->units * ALLOTP_BLOCK_UNIT, used = (size_t)pool->capacity - pool->room;

	class->pools++;
	class->used_blocks += used;
	class->free_blocks += pool->room;
	stats->in_used_blocks += used * size;
	stats->in_free_blocks += pool->room * size;
	stats->in_pool_headers += ALLOTP_POOL_HEADER;
	stats->in_quantization += ALLOT_POOL_SIZE - ALLOTP_POOL_HEADER - pool->capacity * size;
}

void allot_pool_stats(struct allot_heap *heap, struct allot_pool_usage *stats)
{
	*stats = (struct allot_pool_usage){ 0 };
	heap = allotp_heap(heap);
	allotp_lock(heap);
	for (const struct allotp_arena *arena = heap->pools.all; arena; arena = arena->next_of_all) {
		stats->total += ALLOT_POOL_ARENA_SIZE;
		stats->free_pools += arena->free_count;
		for (unsigned i = 0; i < arena->fresh; i++) {
			const struct allotp_pool *pool =
				(const struct allotp_pool *)(arena->address + (size_t)i * ALLOT_POOL_SIZE);

			if (pool->capacity)
				add_pool(stats, pool);
		}
	}
	stats->in_free_pools = stats->free_pools * ALLOT_POOL_SIZE;
	stats->arenas = heap->pools.arenas;
	stats->arenas_ever = heap->pools.arenas_ever;
	stats->arenas_peak = heap->pools.arenas_peak;
	stats->large_blocks = heap->large_blocks;
	stats->in_large_blocks = heap->large_bytes;
	allotp_unlock(heap);
}

bool allot_pool_owns(struct allot_heap *heap, const void *address)
{
	const struct allotp_arena *arena = allotp_radix_find(address);

	return arena && arena->pools == &allotp_heap(heap)->pools;
}

/* ---- As text ---- */

struct text {
	char *buffer;
	size_t size, length;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *text, const char *format, ...)
{
	size_t left = text->length < text->size ? text->size - text->length : 0;
	va_list arguments;
	int written;

	va_start(arguments, format);
	written = vsnprintf(left ? text->buffer + text->length : NULL, left, format, arguments);
	va_end(arguments);
	if (written > 0)
		text->length += (size_t)written;
}

/* 1,234,567, at the end of a column. */
static void say_number(struct text *text, const char *what, size_t number)
{
	char digits[32], column[48];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%zu", number), at = 0;

	for (size_t i = 0; i < length; i++) {
		column[at++] = digits[i];
		if ((length - i - 1) % 3 == 0 && i + 1 < length)
			column[at++] = ',';
	}
	column[at] = 0;
	say(text, "%-35s = %20s\n", what, column);
}

static void say_product(struct text *text, size_t count, const char *what, size_t each, size_t bytes)
{
	char line[64];

	if (each)
		snprintf(line, sizeof(line), "%zu %s * %zu bytes", count, what, each);
	else
		snprintf(line, sizeof(line), "%s", what);
	say_number(text, line, bytes);
}

static void say_classes(struct text *text, const struct allot_pool_usage *stats)
{
	say(text, "class   size   num pools   blocks in use  avail blocks\n");
	say(text, "-----   ----   ---------   -------------  ------------\n");
	for (size_t i = 0; i < ALLOT_POOL_CLASSES; i++) {
		const struct allot_pool_class *class = &stats->classes[i];

		if (class->pools)
			say(text, "%5zu %6zu %11zu %15zu %13zu\n", i, (i + 1) * ALLOT_POOL_CLASS_SIZE, class->pools,
			    class->used_blocks, class->free_blocks);
	}
}

size_t allot_pool_stats_format(const struct allot_pool_usage *stats, char *buffer, size_t size)
{
	struct text text = { .buffer = buffer, .size = size };
	size_t pools = 0;

	for (size_t i = 0; i < ALLOT_POOL_CLASSES; i++)
		pools += stats->classes[i].pools;
	say(&text, "Small block threshold = %d, in %d size classes.\n\n", ALLOT_POOL_CLASSES * ALLOT_POOL_CLASS_SIZE,
	    ALLOT_POOL_CLASSES);
	say_classes(&text, stats);
	say(&text, "\n");
	say_number(&text, "# arenas allocated total", stats->arenas_ever);
	say_number(&text, "# arenas reclaimed", stats->arenas_ever - stats->arenas);
	say_number(&text, "# arenas highwater mark", stats->arenas_peak);
	say_number(&text, "# arenas allocated current", stats->arenas);
	say_product(&text, stats->arenas, "arenas", ALLOT_POOL_ARENA_SIZE, stats->total);
	say(&text, "\n");
	say_number(&text, "# bytes in allocated blocks", stats->in_used_blocks);
	say_number(&text, "# bytes in available blocks", stats->in_free_blocks);
	say_product(&text, stats->free_pools, "unused pools", ALLOT_POOL_SIZE, stats->in_free_pools);
	say_product(&text, pools, "pool headers", ALLOTP_POOL_HEADER, stats->in_pool_headers);
	say_number(&text, "# bytes lost to quantization", stats->in_quantization);
	say_number(&text, "# bytes lost to arena alignment", stats->in_arena_alignment);
	say_number(&text, "Total",
		   stats->in_used_blocks + stats->in_free_blocks + stats->in_free_pools + stats->in_pool_headers +
			   stats->in_quantization + stats->in_arena_alignment);
	say(&text, "\n");
	say_number(&text, "# large blocks, from malloc", stats->large_blocks);
	say_number(&text, "# bytes in large blocks", stats->in_large_blocks);
	return text.length;
}
