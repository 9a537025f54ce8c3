/* SPDX-License-Identifier: MIT */
/* What a look for leaks has left in a store, to the snapshot's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/counts.h"
#include "snapshot/freeze-sites.h"
#include "snapshot/snapshot.h"
#include "store/layout.h"

static struct allot_count count_of(struct allot_verdict_count count)
{
	return (struct allot_count){ count.bytes, count.blocks };
}

static void freeze_head(struct allot_view *view, struct allot_leaks *leaks)
{
	const struct allot_leak_look *look = &view->header->leaks;

	leaks->looked = look->state == ALLOT_LOOK_DONE;
	leaks->method = look->method;
	leaks->failed_step = look->failed_step;
	if (leaks->method >= ALLOT_LOOK_METHODS || leaks->failed_step >= ALLOT_LOOK_STEPS) {
		view->corrupt++;
		leaks->method = leaks->failed_step = 0;
	}
	if (look->state == ALLOT_LOOK_FAILED)
		leaks->error = look->error ? look->error : EIO;
	/* Whoever was at it is gone, or it goes on while somebody takes a snapshot. */
	if (look->state == ALLOT_LOOK_RUNNING) {
		leaks->error = EINTR;
		leaks->failed_step = ALLOT_LOOK_AT_COPY;
	}
	leaks->looks = look->looks;
	leaks->heuristics = look->heuristics;
	leaks->threads = look->threads;
	leaks->at_exit = look->at_exit;
	leaks->stop_ns = look->stop_ns;
	leaks->scan_ns = look->scan_ns;
	leaks->root_bytes = look->root_bytes;
	leaks->words = look->words;
	leaks->unreadable_bytes = look->unreadable_bytes;
	leaks->blocks = look->blocks;
	leaks->left_out = look->left_out;
	for (int i = 0; leaks->looked && i < ALLOT_LEAKS; i++) {
		leaks->counts[i] = count_of(look->counts[i]);
		leaks->fresh[i] = count_of(look->fresh[i]);
	}
}

/* The store may have several sites where the snapshot has one. */
static int freeze_groups(struct allot_view *view, const struct allot_freeze_places *places,
			 struct allot_snapshot *snapshot)
{
	uint64_t count =
		allotp_view_filled(view, ALLOT_REGION_VERDICTS, places->numbers, sizeof(struct allot_site_verdict));
	struct allot_count(*sums)[ALLOT_LEAKS] = calloc(snapshot->site_count + 1, sizeof(*sums));
	struct allot_leak_group *groups = calloc((size_t)snapshot->site_count + 1, ALLOT_LEAKS * sizeof(*groups));

	snapshot->leak_groups = groups;
	if (!sums || !groups) {
		free(sums);
		return -ENOMEM;
	}
	for (uint64_t i = 1; i < count; i++) {
		struct allot_site_verdict verdict;

		if (!places->of_number[i])
			continue;
		allotp_view_fetch(view, ALLOT_REGION_VERDICTS, i, &verdict, sizeof(verdict));
		for (int j = 0; j < ALLOT_LEAKS; j++) {
			const struct allot_count one = { verdict.counts[j].bytes, verdict.counts[j].blocks };

			allotp_count_add(&sums[places->of_number[i] - 1][j], one);
		}
	}
	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		for (uint32_t j = 0; j < ALLOT_LEAKS; j++) {
			if (sums[i][j].blocks)
				groups[snapshot->leak_group_count++] = (struct allot_leak_group){ i, j, sums[i][j] };
		}
	}
	free(sums);
	return 0;
}

/* numbers[]: a store's lost block to the snapshot's, UINT32_MAX: left out. */
static int freeze_lost(struct allot_view *view, const struct allot_freeze_places *places,
		       struct allot_snapshot *snapshot, uint32_t *numbers, uint64_t count)
{
	snapshot->lost = calloc(count + 1, sizeof(*snapshot->lost));
	if (!snapshot->lost)
		return -ENOMEM;
	for (uint64_t i = 0; i < count; i++) {
		struct allot_leaked *last = snapshot->lost_count ? &snapshot->lost[snapshot->lost_count - 1] : NULL;
		struct allot_lost_block block;

		allotp_view_fetch(view, ALLOT_REGION_LOST, i, &block, sizeof(block));
		numbers[i] = UINT32_MAX;
		if (block.site >= places->numbers || !places->of_number[block.site] ||
		    block.leak_class >= ALLOT_LEAKS || block.leader >= count ||
		    (last && last->address > block.address)) {
			view->corrupt++;
			continue;
		}
		numbers[i] = snapshot->lost_count;
		snapshot->lost[snapshot->lost_count++] = (struct allot_leaked){
			.address = block.address,
			.size = block.size,
			.site = places->of_number[block.site] - 1,
			.leak_class = block.leak_class,
			.leader = block.leader,
			.known = block.known,
		};
	}
	for (uint32_t i = 0; i < snapshot->lost_count; i++) {
		uint32_t leader = numbers[snapshot->lost[i].leader];

		snapshot->lost[i].leader = leader == UINT32_MAX ? i : leader;
	}
	return 0;
}

static int freeze_edges(struct allot_view *view, struct allot_snapshot *snapshot, const uint32_t *numbers,
			uint64_t lost)
{
	uint64_t count = allotp_view_count(view, ALLOT_REGION_EDGES, view->header->leaks.edge_count,
					   sizeof(struct allot_lost_edge));

	if (count > UINT32_MAX)
		count = UINT32_MAX;
	snapshot->edges = calloc(count + 1, sizeof(*snapshot->edges));
	if (!snapshot->edges)
		return -ENOMEM;
	for (uint64_t i = 0; i < count; i++) {
		struct allot_lost_edge edge;

		allotp_view_fetch(view, ALLOT_REGION_EDGES, i, &edge, sizeof(edge));
		if (edge.from >= lost || edge.to >= lost || numbers[edge.from] == UINT32_MAX ||
		    numbers[edge.to] == UINT32_MAX) {
			view->corrupt++;
			continue;
		}
		snapshot->edges[snapshot->edge_count++] =
			(struct allot_edge){ numbers[edge.from], numbers[edge.to], edge.offset, edge.inside };
	}
	return 0;
}

/* Whole chains, whose sites are all known. */
static int freeze_links(struct allot_view *view, const struct allot_freeze_places *places,
			struct allot_snapshot *snapshot)
{
	uint64_t count = allotp_view_count(view, ALLOT_REGION_LINKS, view->header->leaks.link_count,
					   sizeof(struct allot_chain_link));
	uint32_t filled = 0;
	bool good = true;

	if (count >= UINT32_MAX)
		count = UINT32_MAX - 1;
	snapshot->links = calloc(count + 1, sizeof(*snapshot->links));
	if (!snapshot->links)
		return -ENOMEM;
	for (uint64_t i = 0; i < count; i++) {
		struct allot_chain_link link;
		bool known, last;

		allotp_view_fetch(view, ALLOT_REGION_LINKS, i, &link, sizeof(link));
		last = link.kind != ALLOT_LINK_BLOCK && link.kind != ALLOT_LINK_LEFT_OUT;
		known = link.site && link.site < places->numbers && places->of_number[link.site];
		good = good && link.kind < ALLOT_LINKS && link.leak_class < ALLOT_LEAKS &&
		       (known || link.kind != ALLOT_LINK_BLOCK) &&
		       (link.kind == ALLOT_LINK_BLOCK || filled > snapshot->link_count);
		snapshot->links[filled++] = (struct allot_link){
			.kind = link.kind,
			.address = link.address,
			.size = link.size,
			.offset = link.offset,
			.inside = link.inside,
			.stack = known ? snapshot->sites[places->of_number[link.site] - 1].stack : ALLOT_NODE_NONE,
			.thread = link.thread,
			.module = link.module,
			.leak_class = link.leak_class,
		};
		if (!last)
			continue;
		view->corrupt += !good;
		if (good)
			snapshot->link_count = filled;
		filled = snapshot->link_count;
		good = true;
	}
	view->corrupt += filled != snapshot->link_count;
	return 0;
}

int allotp_freeze_leaks(struct allot_view *view, const struct allot_freeze_places *places,
			struct allot_snapshot *snapshot)
{
	uint64_t count = 0;
	uint32_t *numbers;
	int result;

	if (view->header->leaks.state == ALLOT_LOOK_NONE)
		return 0;
	freeze_head(view, &snapshot->leaks);
	if (!snapshot->leaks.looked)
		return 0;
	if (view->header->leaks.suppressions) {
		snapshot->suppressions = allotp_view_string(view, view->header->leaks.suppressions);
		if (!snapshot->suppressions)
			return -ENOMEM;
	}
	count = allotp_view_count(view, ALLOT_REGION_LOST, view->header->leaks.lost_count,
				  sizeof(struct allot_lost_block));
	if (count >= UINT32_MAX)
		count = UINT32_MAX - 1;
	numbers = calloc(count + 1, sizeof(*numbers));
	result = numbers ? freeze_groups(view, places, snapshot) : -ENOMEM;
	if (!result)
		result = freeze_lost(view, places, snapshot, numbers, count);
	if (!result)
		result = freeze_edges(view, snapshot, numbers, count);
	if (!result)
		result = freeze_links(view, places, snapshot);
	free(numbers);
	return result;
}
