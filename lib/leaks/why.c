/* SPDX-License-Identifier: MIT */
/* Finds why a block is still there among the chains that a snapshot has. */
#include "leaks/why.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "leaks/place.h"
#include "snapshot/counts.h"

bool allotp_why_address(const char *text, uint64_t *address)
{
	char *end;

	if (strncmp(text, "0x", 2) || text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] || !text[2])
		return false;
	errno = 0;
	*address = strtoull(text, &end, 16);
	return !errno && *address;
}

static bool is_root(const struct allot_link *link)
{
	return link->kind != ALLOT_LINK_BLOCK && link->kind != ALLOT_LINK_LEFT_OUT;
}

/* How many links there are from one to its root. */
static uint32_t length_of(const struct allot_link *links)
{
	uint32_t length = 0;

	while (!is_root(&links[length]))
		length++;
	return length + 1;
}

static bool is_inside(uint64_t block, uint64_t size, uint64_t address)
{
	return address - block < (size ? size : 1);
}

static int add(struct allot_why *why, struct allot_answer answer)
{
	struct allot_answer *list = reallocarray(why->list, (size_t)why->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	if (answer.links)
		answer.link_count = length_of(answer.links);
	why->list = list;
	list[why->count++] = answer;
	return 0;
}

/* All blocks of one stack that became the same. */
static struct allot_count sum_of(const struct allot_snapshot *snapshot, uint32_t stack, uint32_t leak_class)
{
	struct allot_count sum = { 0, 0 };

	for (uint32_t i = 0; i < snapshot->leak_group_count; i++) {
		const struct allot_leak_group *group = &snapshot->leak_groups[i];

		if (snapshot->sites[group->site].stack != stack || group->leak_class != leak_class)
			continue;
		allotp_count_add(&sum, group->count);
	}
	return sum;
}

/* The chain of a stack's block of a class, or of any that is kept (ALLOT_LEAKS). */
static const struct allot_link *chain_of(const struct allot_snapshot *snapshot, uint32_t stack, uint32_t leak_class)
{
	for (uint32_t i = 0; i < snapshot->link_count; i += length_of(&snapshot->links[i])) {
		const struct allot_link *link = &snapshot->links[i];

		if (link->stack == stack && (leak_class == ALLOT_LEAKS || link->leak_class == leak_class))
			return link;
	}
	return NULL;
}

/* ---- by address ---- */

static int find_in_chains(const struct allot_snapshot *snapshot, uint64_t address, struct allot_why *why)
{
	for (uint32_t i = 0; i < snapshot->link_count; i++) {
		const struct allot_link *link = &snapshot->links[i];

		if (link->kind == ALLOT_LINK_BLOCK && is_inside(link->address, link->size, address))
			return add(why,
				   (struct allot_answer){ .stack = link->stack,
							  .leak_class = link->leak_class,
							  .links = link,
							  .count = sum_of(snapshot, link->stack, link->leak_class) });
	}
	return 0;
}

static int find_in_lost(const struct allot_snapshot *snapshot, uint64_t address, struct allot_why *why)
{
	for (uint32_t i = 0; i < snapshot->lost_count; i++) {
		const struct allot_leaked *lost = &snapshot->lost[i];
		uint32_t stack = snapshot->sites[lost->site].stack;

		if (lost->leak_class != ALLOT_LEAK_POSSIBLE && is_inside(lost->address, lost->size, address))
			return add(why, (struct allot_answer){ .stack = stack,
							       .leak_class = lost->leak_class,
							       .lost = lost,
							       .count = sum_of(snapshot, stack, lost->leak_class) });
	}
	return 0;
}

/* Blocks whose stack is known, but not their chain: another's of that stack will have to do. */
static int find_in_others(const struct allot_snapshot *snapshot, uint64_t address, struct allot_why *why)
{
	uint32_t stack = ALLOT_NODE_NONE, leak_class = ALLOT_LEAK_REACHABLE;
	const struct allot_link *links;

	for (uint32_t i = 0; i < snapshot->lost_count; i++) {
		if (is_inside(snapshot->lost[i].address, snapshot->lost[i].size, address)) {
			stack = snapshot->sites[snapshot->lost[i].site].stack;
			leak_class = snapshot->lost[i].leak_class;
		}
	}
	for (uint64_t i = 0; i < snapshot->block_count && stack == ALLOT_NODE_NONE; i++) {
		if (snapshot->sites[snapshot->blocks[i].site].domain == 0 &&
		    is_inside(snapshot->blocks[i].address, snapshot->blocks[i].size, address))
			stack = snapshot->sites[snapshot->blocks[i].site].stack;
	}
	links = stack == ALLOT_NODE_NONE ? NULL : chain_of(snapshot, stack, leak_class);
	if (!links)
		return 0;
	return add(why, (struct allot_answer){ .stack = stack,
					       .leak_class = leak_class,
					       .links = links,
					       .count = sum_of(snapshot, stack, leak_class),
					       .example = true });
}

static int find_address(const struct allot_snapshot *snapshot, uint64_t address, struct allot_why *why)
{
	int rc = find_in_chains(snapshot, address, why);

	if (rc == 0 && !why->count)
		rc = find_in_lost(snapshot, address, why);
	if (rc == 0 && !why->count)
		rc = find_in_others(snapshot, address, why);
	return rc;
}

/* ---- by call site ---- */

/* What is lost has no chain to be told by: blocks of one place are one answer. */
static int find_same(const struct allot_view *view, const struct allot_answer *answer, struct allot_why *why,
		     struct allot_answer **same)
{
	int rc = 0;

	*same = NULL;
	for (uint32_t i = 0; i < why->count && rc == 0; i++) {
		struct allot_answer *other = &why->list[i];

		if (other->leak_class != answer->leak_class || other->links || answer->links)
			continue;
		rc = allotp_place_same(view, other->stack, answer->stack);
		if (rc == 1)
			*same = other;
	}
	return rc < 0 ? rc : 0;
}

static int add_group(const struct allot_view *view, const struct allot_leak_group *group, struct allot_why *why)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	uint32_t stack = snapshot->sites[group->site].stack;
	bool kept = group->leak_class == ALLOT_LEAK_REACHABLE || group->leak_class == ALLOT_LEAK_POSSIBLE;
	struct allot_answer answer = {
		.stack = stack,
		.leak_class = group->leak_class,
		.links = kept ? chain_of(snapshot, stack, group->leak_class) : NULL,
		.count = group->count,
	};
	struct allot_answer *same = NULL;
	int rc;

	/* One that is there already: regions are told apart by sites only. */
	for (uint32_t i = 0; i < why->count && !same; i++) {
		if (why->list[i].stack == stack && why->list[i].leak_class == group->leak_class)
			same = &why->list[i];
	}
	rc = same ? 0 : find_same(view, &answer, why, &same);
	if (rc < 0 || !same)
		return rc < 0 ? rc : add(why, answer);
	allotp_count_add(&same->count, group->count);
	return 0;
}

static int find_place(const struct allot_view *view, const char *text, bool deep, struct allot_why *why)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	uint32_t last = UINT32_MAX;
	int rc = 0, matches = 0;

	for (uint32_t i = 0; i < snapshot->leak_group_count && rc == 0; i++) {
		const struct allot_leak_group *group = &snapshot->leak_groups[i];

		if (group->site != last)
			matches = allotp_place_matches(view, snapshot->sites[group->site].stack, text, deep);
		last = group->site;
		rc = matches < 0 ? matches : 0;
		if (matches > 0)
			rc = add_group(view, group, why);
	}
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct allot_answer *one = a, *other = b;

	if (!one->links != !other->links)
		return !one->links - !other->links;
	if (one->count.bytes != other->count.bytes)
		return one->count.bytes < other->count.bytes ? 1 : -1;
	if (one->stack != other->stack)
		return one->stack < other->stack ? -1 : 1;
	return (int)one->leak_class - (int)other->leak_class;
}

int allotp_why_find(const struct allot_view *view, const char *question, bool asked, struct allot_why *why,
		    struct allot_error *error)
{
	uint64_t address;
	int rc;

	*why = (struct allot_why){ .question = question };
	if (allotp_why_address(question, &address)) {
		rc = find_address(view->snapshot, address, why);
		if (rc == 0 && !why->count && asked)
			return allotp_error(error, -ENOENT, "--why %.64s: it is in no block that is there", question);
		if (rc == 0 && !why->count)
			return allotp_error(
				error, -ENOENT,
				"--why %.64s: a snapshot keeps one chain for each call site, and none of them goes through it; "
				"'allot leaks PID' tells it of any block",
				question);
		return rc;
	}
	rc = find_place(view, question, false, why);
	if (rc == 0 && !why->count)
		rc = find_place(view, question, true, why);
	if (rc == 0 && !why->count)
		return allotp_error(
			error, -ENOENT,
			"--why %.200s: no block that is there comes from such a call site; an address begins with 0x",
			question);
	if (rc == 0)
		qsort(why->list, why->count, sizeof(*why->list), compare);
	return rc;
}

void allotp_why_release(struct allot_why *why)
{
	free(why->list);
	*why = (struct allot_why){ 0 };
}
