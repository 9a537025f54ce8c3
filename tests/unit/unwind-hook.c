/* SPDX-License-Identifier: MIT */
/* A stand-in for a hook and for the stack tree. */
#include "unwind-hook.h"

#include "snapshot/snapshot.h"
#include "unit.h"
#include "unwind/reference.h"

#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { NODES_MAX = 1 << 22, TABLE_MAX = 2 * NODES_MAX, FRAMES_MAX = 1 << 17 };

struct node {
	uint64_t address;
	uint32_t parent, flags;
};

uint64_t hook_epoch;
jmp_buf *hook_escape;
bool hook_tree_full;
unsigned long hook_children;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct node *nodes;
static uint32_t *table;
static uint32_t node_count = ALLOT_NODE_FIRST;

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

bool hook_setup(void)
{
	if (!nodes) {
		nodes = map(NODES_MAX * sizeof(*nodes));
		table = map(TABLE_MAX * sizeof(*table));
	}
	/* The first call of backtrace loads libgcc. */
	return allotp_reference_open() == 0 && backtrace((void *[1]){ NULL }, 1) == 1;
}

bool hook_skips(void)
{
	if (UNIT_UNDER_TSAN)
		puts("1..0 # SKIP libunwind does not work under ThreadSanitizer");
	else if (allotp_reference_open() != 0)
		puts("1..0 # SKIP libunwind.so.8 is missing");
	else
		return false;
	return true;
}

static uint32_t child(uint32_t parent, uint64_t address, uint32_t flags, bool *added)
{
	uint64_t place = (address ^ (uint64_t)parent << 32 ^ flags) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	uint32_t result = 0;

	if (hook_escape)
		longjmp(*hook_escape, 1);
	if (hook_tree_full)
		return ALLOT_NODE_NONE;
	pthread_mutex_lock(&lock);
	hook_children++;
	for (; !result; place++) {
		uint32_t *entry = &table[place % TABLE_MAX];

		if (*entry == 0) {
			if (node_count == NODES_MAX)
				break;
			nodes[node_count] = (struct node){ .address = address, .parent = parent, .flags = flags };
			*entry = node_count++;
			*added = true;
		}
		if (nodes[*entry].address == address && nodes[*entry].parent == parent && nodes[*entry].flags == flags)
			result = *entry;
	}
	pthread_mutex_unlock(&lock);
	return result;
}

static uint32_t children(void *tree, uint32_t parent, struct allot_walk_link *links, uint32_t count)
{
	bool added = false;
	uint32_t i = 0;

	(void)tree;
	do {
		links[i].node = parent = child(parent, links[i].address, links[i].flags, &added);
	} while (parent != ALLOT_NODE_NONE && ++i < count && added);
	return i;
}

void hook_make(struct hook *hook, uint32_t limit)
{
	memset(hook, 0, sizeof(*hook));
	hook->limit = limit;
	hook->ours = map(FRAMES_MAX * sizeof(*hook->ours));
	hook->theirs = map(FRAMES_MAX * sizeof(*hook->theirs));
	hook->size = allotp_walker_size(limit);
	hook->memory = map(hook->size);
	hook->walker = allotp_walker_init(hook->memory, limit, children, NULL, &hook_epoch);
}

void hook_release(struct hook *hook)
{
	munmap(hook->memory, hook->size);
	munmap(hook->ours, FRAMES_MAX * sizeof(*hook->ours));
	munmap(hook->theirs, FRAMES_MAX * sizeof(*hook->theirs));
}

size_t hook_stack(uint32_t node, uint64_t *addresses, uint32_t *flags, size_t size)
{
	size_t count = 0;

	for (; node >= ALLOT_NODE_FIRST && count < size; node = nodes[node].parent, count++) {
		addresses[count] = nodes[node].address;
		if (flags)
			flags[count] = nodes[node].flags;
	}
	return count;
}

uint32_t hook_root(uint32_t node)
{
	while (node >= ALLOT_NODE_FIRST)
		node = nodes[node].parent;
	return node;
}

__attribute__((noinline)) void hook_walk(struct hook *hook)
{
	struct allot_walk_start start = ALLOTP_WALK_START();

	hook->walks++;
	allotp_walk(hook->walker, &start, &hook->last);
}

/* Puts the difference in words, unless there was one before. */
static void describe(struct hook *hook, const uint64_t *ours, size_t our_count, void **theirs, size_t their_count)
{
	size_t most = our_count > their_count ? our_count : their_count, used = 0;

	if (hook->differing++ != 0)
		return;
	used += (size_t)snprintf(hook->difference, sizeof(hook->difference),
				 "walk %lu: %zu frames, status %u; reference %zu\n", hook->walks, our_count,
				 hook->last.status, their_count);
	for (size_t i = 0; i < most && used < sizeof(hook->difference) - 1; i++) {
		uint64_t our = i < our_count ? ours[i] : 0;
		uint64_t their = i < their_count ? (uintptr_t)theirs[i] : 0;

		if (our != their || i < 4)
			used += (size_t)snprintf(hook->difference + used, sizeof(hook->difference) - used,
						 "#%zu %#llx %#llx\n", i, (unsigned long long)our,
						 (unsigned long long)their);
	}
}

/* The stack by libgcc's unwinder. */
static size_t second_opinion(uint64_t from, void **buffer, size_t size)
{
	size_t count = (size_t)backtrace(buffer, (int)size), skipped = 0;

	while (skipped < count && (uintptr_t)buffer[skipped] != from)
		skipped++;
	memmove(buffer, buffer + skipped, (count - skipped) * sizeof(*buffer));
	return count - skipped;
}

/* A limit cuts off the outermost frames, and that is said. */
static bool is_same(const struct hook *hook, size_t our_count, size_t their_count)
{
	bool limited = their_count > hook->limit;
	bool same = our_count == (limited ? hook->limit : their_count) && our_count == hook->last.depth &&
		    hook->last.status == (limited ? ALLOT_WALK_LIMITED : ALLOT_WALK_COMPLETE) &&
		    hook_root(hook->last.node) == (limited ? ALLOT_NODE_LIMIT : ALLOT_NODE_ROOT);

	for (size_t i = 0; same && i < our_count; i++)
		same = hook->ours[i] == (uintptr_t)hook->theirs[i];
	return same;
}

static void compare(struct hook *hook, uint64_t from)
{
	size_t our_count = hook_stack(hook->last.node, hook->ours, NULL, FRAMES_MAX);
	size_t their_count = allotp_reference_backtrace(from, hook->theirs, FRAMES_MAX);

	if (is_same(hook, our_count, their_count))
		return;
	their_count = second_opinion(from, hook->theirs, FRAMES_MAX);
	if (!is_same(hook, our_count, their_count))
		describe(hook, hook->ours, our_count, hook->theirs, their_count);
}

__attribute__((noinline)) void hook_check(struct hook *hook)
{
	struct allot_walk_start start = ALLOTP_WALK_START();
	uint32_t same;

	hook->walks++;
	allotp_walk_settle(hook->walker);
	same = allotp_walk_again(hook->walker, &start);
	allotp_walk(hook->walker, &start, &hook->last);
	if (same) {
		hook->same++;
		hook->differing += same != hook->last.node || hook->last.status != ALLOT_WALK_COMPLETE;
	}
	compare(hook, start.ip);
}
