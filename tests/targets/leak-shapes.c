/* SPDX-License-Identifier: MIT */
/* What leads to what: chains, trees, cycles, pointers that do not point to a start, and blocks of all families. */
#include "leak.h"

#include <malloc.h>
#include <search.h>

PLACE lost(void)
{
	make_1601();
}

PLACE empty(void)
{
	leak_global = malloc(0);
	leak_global = NULL;
}

PLACE chain(void)
{
	void **a = make_1601(), **b = make_1602(), **c = make_1603();

	a[0] = b;
	b[10] = c;
}

PLACE kept_chain(void)
{
	chain();
	leak_global = make_24();
	*(void **)leak_global = make_1601();
}

PLACE tree(void)
{
	void **root = make_48();

	for (int i = 0; i < 3; i++) {
		void **node = root[i] = make_24();

		node[0] = make_1601();
		node[1] = make_1602();
	}
}

PLACE list(void)
{
	void **head = NULL;

	for (int i = 0; i < 300000; i++) {
		void **node = make_24();

		node[0] = head;
		head = node;
	}
	if (leak_own)
		leak_global = head;
}

PLACE kept_list(void)
{
	leak_own = (void *)(uintptr_t)&leak_global;
	list();
	leak_own = NULL;
}

PLACE cycle(void)
{
	void **a = make_24(), **b = make_24(), **c = make_24();

	a[2] = b;
	b[0] = c;
	c[1] = a;
}

PLACE hanging_cycle(void)
{
	void **leader = make_48(), **a = make_24(), **b = make_24();

	a[0] = b;
	b[0] = a;
	leader[5] = b;
}

PLACE interior(void)
{
	leak_global = (char *)make_1601() + 800;
}

PLACE interior_chain(void)
{
	void **a = make_1601();

	a[3] = make_1602();
	leak_global = (char *)a + 8;
}

PLACE tagged(void)
{
	leak_global = (void *)((uintptr_t)make_1601() | 1);
}

PLACE hidden(void)
{
	leak_global = (void *)~(uintptr_t)make_1601();
}

PLACE unaligned(void)
{
	static char bytes[17] __attribute__((aligned(8)));
	void *block = make_1601();

	memcpy(bytes + 1, &block, sizeof(block));
}

PLACE length_before(void)
{
	uint64_t *block = make_1602();

	block[0] = 1602 - 8;
	leak_global = block + 1;
}

SITE void *make_7001(void *block)
{
	return realloc(block, 7001);
}

PLACE resized(void)
{
	void **block = make_24();

	block[0] = make_1601();
	leak_global = make_7001(block);
}

SITE void *make_aligned(void)
{
	void **first = memalign(4096, 1603), *next;

	memset(first, 0, 1603);
	REQUIRE(!posix_memalign(&next, 256, 1603));
	memset(next, 0, 1603);
	*first = next;
	((void **)next)[1] = memset(aligned_alloc(64, 1664), 0, 1664);
	return first;
}

PLACE aligned(void)
{
	leak_global = make_aligned();
}

PLACE freed_holder(void)
{
	void **holder = malloc(3000);

	*(void *volatile *)&holder[20] = make_1601();
	free(holder);
}

SITE void *make_large(void)
{
	return memset(malloc(1 << 20), 0, 1 << 20);
}

PLACE large(void)
{
	void **kept = make_large();

	leak_global = kept;
	kept[70000] = make_1601();
	*(void **)make_large() = make_1602();
}

PLACE to_itself(void)
{
	void **block = make_48();

	block[2] = block;
}

/* Two cycles, of which one leads to the other, and a block behind both. */
PLACE two_cycles(void)
{
	void **a = make_48(), **b = make_48(), **c = make_48(), **d = make_48();

	a[0] = b;
	b[0] = a;
	b[1] = c;
	c[0] = d;
	d[0] = c;
	d[1] = make_1601();
}

/* The kept one holds another by its middle only. */
PLACE kept_to_interior(void)
{
	void **block = make_48();

	block[1] = (char *)make_1601() + 400;
	leak_global = block;
}

PLACE lost_to_interior(void)
{
	void **block = make_48();

	block[1] = (char *)make_1601() + 400;
}

/* A pointer to the start is better than one to the middle, wherever either is. */
static void *volatile start;

PLACE interior_and_start(void)
{
	leak_global = (char *)make_1601() + 400;
	start = (char *)leak_global - 400;
}

/* A lost leader cannot make good what is kept by its middle. */
PLACE interior_and_lost(void)
{
	void **lost_one = make_48();

	lost_one[0] = make_1601();
	leak_global = (char *)lost_one[0] + 8;
}

PLACE behind_the_end(void)
{
	leak_global = (char *)make_1601() + 1601;
}

PLACE last_byte(void)
{
	leak_global = (char *)make_1601() + 1600;
}

MAKER(47)

/* The last whole word of a block, and one that its end cuts off. */
PLACE cut_off(void)
{
	char *block = make_1601(), *cut = make_47();
	void *next = make_1602(), *last = make_1603();

	leak_global = block;
	memcpy(block, &cut, sizeof(cut));
	memcpy(block + 1592, &next, sizeof(next));
	memcpy(cut + 40, &last, 7);
}

SITE void *make_zeroed(void)
{
	return calloc(229, 7);
}

SITE void *make_array(void)
{
	return memset(reallocarray(NULL, 229, 7), 0, 1603);
}

SITE void *make_text(void)
{
	char text[1602];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	return strdup(text);
}

static void *volatile kept[4];

PLACE families(void)
{
	kept[0] = make_zeroed();
	kept[1] = make_array();
	kept[2] = make_text();
	kept[3] = make_aligned();
	make_zeroed();
	make_text();
}

/* What was given back is nobody's leak, and its memory no holder; what takes its place is another's. */
PLACE recycled(void)
{
	void **holder = make_48();

	*(void *volatile *)&holder[3] = make_1601();
	free(holder);
	leak_global = make_48();
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* glibc's trees keep their colour in the lowest bit of pointers to their nodes. */
PLACE in_search_tree(void)
{
	static void *root;

	REQUIRE(tsearch(make_1601(), &root, compare));
}

const struct leak_place leak_shapes[] = {
	AT(lost),
	AT(empty),
	AT(chain),
	AT(kept_chain),
	AT(tree),
	AT(list),
	AT(kept_list),
	AT(cycle),
	AT(to_itself),
	AT(hanging_cycle),
	AT(two_cycles),
	AT(interior),
	AT(interior_chain),
	AT(kept_to_interior),
	AT(lost_to_interior),
	AT(interior_and_start),
	AT(interior_and_lost),
	AT(behind_the_end),
	AT(last_byte),
	AT(cut_off),
	AT(tagged),
	AT(hidden),
	AT(unaligned),
	AT(length_before),
	AT(resized),
	AT(aligned),
	AT(families),
	AT(freed_holder),
	AT(recycled),
	AT(in_search_tree),
	AT(large),
	{ NULL, NULL },
};
