/* SPDX-License-Identifier: MIT */
/* The snapshot's life: an empty one, the end of one, and looking a symbol up in it. */
#include "snapshot/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot/counts.h"

void allotp_symbol_release(struct allot_symbol *symbol)
{
	for (uint32_t i = 0; symbol->frames && i < symbol->frame_count; i++) {
		free(symbol->frames[i].function);
		free(symbol->frames[i].file);
	}
	free(symbol->frames);
}

void allotp_snapshot_free(struct allot_snapshot *snapshot)
{
	if (!snapshot)
		return;
	free(snapshot->program);
	free(snapshot->command);
	free(snapshot->note);
	free(snapshot->filters);
	free(snapshot->suppressions);
	for (uint32_t i = 0; i < snapshot->module_count; i++)
		free(snapshot->modules[i].path);
	free(snapshot->modules);
	free(snapshot->nodes);
	free(snapshot->sites);
	for (uint32_t i = 0; i < snapshot->domain_count; i++)
		free(snapshot->domains[i]);
	free(snapshot->domains);
	for (uint32_t i = 0; i < snapshot->region_count; i++)
		free(snapshot->regions[i].name);
	free(snapshot->regions);
	for (uint32_t i = 0; i < snapshot->mark_count; i++)
		free(snapshot->marks[i].name);
	free(snapshot->marks);
	free(snapshot->differences);
	free(snapshot->series);
	free(snapshot->blocks);
	free(snapshot->leak_groups);
	free(snapshot->lost);
	free(snapshot->edges);
	for (uint32_t i = 0; i < snapshot->objects.name_count; i++)
		free(snapshot->objects.names[i]);
	free(snapshot->objects.names);
	free(snapshot->objects.objects);
	free(snapshot->objects.references);
	free(snapshot->links);
	free(snapshot->history.mark);
	free(snapshot->history.points);
	free(snapshot->history.steps);
	for (uint32_t i = 0; i < snapshot->symbol_count; i++)
		allotp_symbol_release(&snapshot->symbols[i]);
	free(snapshot->symbols);
	free(snapshot);
}

struct allot_snapshot *allotp_snapshot_new(void)
{
	struct allot_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->program = strdup("");
	snapshot->command = strdup("");
	snapshot->note = strdup("");
	snapshot->modules = calloc(1, sizeof(*snapshot->modules));
	snapshot->nodes = calloc(ALLOT_NODE_FIRST, sizeof(*snapshot->nodes));
	snapshot->domains = calloc(2, sizeof(*snapshot->domains));
	snapshot->regions = calloc(1, sizeof(*snapshot->regions));
	if (snapshot->modules) {
		snapshot->module_count = 1;
		snapshot->modules[0].path = strdup("");
	}
	if (snapshot->nodes)
		snapshot->node_count = ALLOT_NODE_FIRST;
	if (snapshot->domains) {
		snapshot->domain_count = 2;
		snapshot->domains[ALLOT_DOMAIN_MALLOC] = strdup("malloc");
		snapshot->domains[ALLOT_DOMAIN_MMAP] = strdup("mmap");
	}
	if (snapshot->regions) {
		snapshot->region_count = 1;
		snapshot->regions[0].name = strdup("");
	}
	if (!snapshot->program || !snapshot->command || !snapshot->note || !snapshot->modules ||
	    !snapshot->modules[0].path || !snapshot->nodes || !snapshot->domains || !snapshot->domains[0] ||
	    !snapshot->domains[1] || !snapshot->regions || !snapshot->regions[0].name) {
		allotp_snapshot_free(snapshot);
		return NULL;
	}
	return snapshot;
}

int allotp_symbol_compare(const void *left, const void *right)
{
	const struct allot_symbol *a = left, *b = right;

	if (a->module != b->module)
		return a->module < b->module ? -1 : 1;
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (int)a->signal - (int)b->signal;
}

const struct allot_symbol *allotp_snapshot_symbol(const struct allot_snapshot *snapshot, uint32_t module,
						  uint64_t address, bool signal)
{
	const struct allot_symbol wanted = { .module = module, .address = address, .signal = signal };
	uint32_t low = 0, high = snapshot->symbol_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = allotp_symbol_compare(&snapshot->symbols[middle], &wanted);

		if (order == 0)
			return &snapshot->symbols[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void allotp_snapshot_sum_up(struct allot_snapshot *snapshot)
{
	const struct allot_count none = { 0, 0 };

	snapshot->live = snapshot->peak = snapshot->ever = snapshot->temporary = none;
	snapshot->frees = 0;
	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		const struct allot_site *site = &snapshot->sites[i];

		allotp_count_add(&snapshot->live, site->live);
		allotp_count_add(&snapshot->peak, site->peak);
		allotp_count_add(&snapshot->ever, site->ever);
		allotp_count_add(&snapshot->temporary, site->temporary);
		if (site->ever.blocks > site->live.blocks)
			snapshot->frees += site->ever.blocks - site->live.blocks;
	}
}

bool allotp_symbol_has_name(const struct allot_symbol *symbol)
{
	const struct allot_frame *frame = &symbol->frames[symbol->frame_count - 1];

	return frame->function || frame->file;
}

bool allotp_node_is_exact(const struct allot_snapshot *snapshot, const struct allot_node *node)
{
	return (node->flags | snapshot->nodes[node->parent].flags) & ALLOT_NODE_SIGNAL;
}

char *allotp_snapshot_region_path(const struct allot_snapshot *snapshot, uint32_t region)
{
	size_t size = 1;
	char *path, *start;

	for (uint32_t r = region; r; r = snapshot->regions[r].parent)
		size += strlen(snapshot->regions[r].name) + (snapshot->regions[r].parent != 0);
	path = malloc(size);
	if (!path)
		return NULL;
	/* From the end, as the outermost comes first. */
	start = path + size - 1;
	*start = '\0';
	for (uint32_t r = region; r; r = snapshot->regions[r].parent) {
		size_t length = strlen(snapshot->regions[r].name);

		if (r != region)
			*--start = '/';
		start -= length;
		memcpy(start, snapshot->regions[r].name, length);
	}
	return path;
}
