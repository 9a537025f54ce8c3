/* SPDX-License-Identifier: MIT */
/* What must be true of every snapshot: the reader refuses others, the writer never makes them. */
#include "snapshot/check.h"

#include <math.h>

#include "snapshot/snapshot.h"

static const char *check_process(const struct allot_snapshot *snapshot)
{
	if (!snapshot->program || !snapshot->command || !snapshot->note)
		return "process: a string is missing";
	if (snapshot->trust.exit < ALLOT_EXIT_RUNNING || snapshot->trust.exit > ALLOT_EXIT_UNKNOWN)
		return "process: unknown kind of exit";
	return NULL;
}

static const char *check_modules(const struct allot_snapshot *snapshot)
{
	if (!snapshot->module_count)
		return "modules: entry 0 is missing";
	for (uint32_t i = 0; i < snapshot->module_count; i++) {
		const struct allot_module *module = &snapshot->modules[i];

		if (!module->path)
			return "modules: a path is missing";
		if (module->start > module->end)
			return "modules: a range ends before it starts";
		if (module->build_id_size > sizeof(module->build_id))
			return "modules: a build-id is too long";
	}
	return snapshot->modules[0].path[0] ? "modules: entry 0 is a module" : NULL;
}

static const char *check_nodes(const struct allot_snapshot *snapshot)
{
	if (snapshot->node_count < ALLOT_NODE_FIRST)
		return "nodes: the special ones are missing";
	for (uint32_t i = ALLOT_NODE_FIRST; i < snapshot->node_count; i++) {
		if (snapshot->nodes[i].parent >= i)
			return "nodes: a parent is out of range";
		if (snapshot->nodes[i].module >= snapshot->module_count)
			return "nodes: a module is out of range";
	}
	return NULL;
}

/* Neither negative, nor infinite or no number at all. */
static bool is_variance(double value)
{
	return value >= 0 && isfinite(value);
}

static bool are_variances(struct allot_variance variance)
{
	return is_variance(variance.bytes) && is_variance(variance.blocks);
}

static const char *check_sites(const struct allot_snapshot *snapshot)
{
	if (snapshot->domain_count < 2)
		return "domains: malloc or mmap is missing";
	for (uint32_t i = 0; i < snapshot->domain_count; i++)
		if (!snapshot->domains[i])
			return "domains: a name is missing";
	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		if (snapshot->sites[i].stack >= snapshot->node_count)
			return "sites: a stack is out of range";
		if (snapshot->sites[i].domain >= snapshot->domain_count)
			return "sites: a domain is out of range";
		if (snapshot->sites[i].region >= snapshot->region_count)
			return "sites: a region is out of range";
		if (!are_variances(snapshot->sites[i].variance.live) ||
		    !are_variances(snapshot->sites[i].variance.peak) ||
		    !are_variances(snapshot->sites[i].variance.ever) ||
		    !are_variances(snapshot->sites[i].variance.temporary))
			return "sites: a variance is out of range";
	}
	return NULL;
}

static bool is_any(const struct allot_count *count)
{
	return count->bytes || count->blocks;
}

static const char *check_regions(const struct allot_snapshot *snapshot)
{
	const struct allot_program_region *none;

	if (!snapshot->region_count)
		return "regions: entry 0 is missing";
	for (uint32_t i = 0; i < snapshot->region_count; i++) {
		if (!snapshot->regions[i].name)
			return "regions: a name is missing";
		if (i && snapshot->regions[i].parent >= i)
			return "regions: a parent is out of range";
	}
	none = &snapshot->regions[0];
	return none->name[0] || none->parent || is_any(&none->live) || is_any(&none->peak) || is_any(&none->ever) ||
			       is_any(&none->temporary)
		       ? "regions: entry 0 is a region"
		       : NULL;
}

static const char *check_differences(const struct allot_snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->difference_count; i++) {
		if (snapshot->differences[i].walked >= snapshot->node_count ||
		    snapshot->differences[i].reference >= snapshot->node_count)
			return "differences: a stack is out of range";
	}
	return NULL;
}

static const char *check_marks(const struct allot_snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->mark_count; i++)
		if (!snapshot->marks[i].name)
			return "marks: a name is missing";
	return NULL;
}

static const char *check_blocks(const struct allot_snapshot *snapshot)
{
	for (uint64_t i = 0; i < snapshot->block_count; i++) {
		if (i && snapshot->blocks[i].address < snapshot->blocks[i - 1].address)
			return "blocks: not in order";
		if (snapshot->blocks[i].site >= snapshot->site_count)
			return "blocks: a site is out of range";
	}
	return NULL;
}

static const char *check_leaks(const struct allot_snapshot *snapshot)
{
	const struct allot_leaks *leaks = &snapshot->leaks;

	if (leaks->method >= ALLOT_LOOK_METHODS || leaks->failed_step >= ALLOT_LOOK_STEPS)
		return "leaks: an unknown way to look for them";
	for (uint32_t i = 0; i < snapshot->leak_group_count; i++) {
		const struct allot_leak_group *group = &snapshot->leak_groups[i];

		if (group->site >= snapshot->site_count || group->leak_class >= ALLOT_LEAKS)
			return "leak groups: a site or class is out of range";
		if (i && (group->site < group[-1].site ||
			  (group->site == group[-1].site && group->leak_class <= group[-1].leak_class)))
			return "leak groups: not in order";
	}
	return NULL;
}

static const char *check_lost(const struct allot_snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->lost_count; i++) {
		const struct allot_leaked *lost = &snapshot->lost[i];

		if (lost->site >= snapshot->site_count || lost->leak_class >= ALLOT_LEAKS ||
		    lost->leader >= snapshot->lost_count)
			return "lost blocks: a site, class or leader is out of range";
		if (i && lost->address < lost[-1].address)
			return "lost blocks: not in order";
	}
	for (uint32_t i = 0; i < snapshot->edge_count; i++) {
		if (snapshot->edges[i].from >= snapshot->lost_count || snapshot->edges[i].to >= snapshot->lost_count)
			return "edges: a block is out of range";
	}
	return NULL;
}

static const char *check_objects(const struct allot_snapshot *snapshot)
{
	const struct allot_object_table *table = &snapshot->objects;

	if (table->taken != (table->name_count > 0) || (!table->taken && (table->object_count || table->reference_count)))
		return "objects: a part is missing";
	for (uint32_t i = 0; i < table->name_count; i++)
		if (!table->names[i])
			return "objects: a name is missing";
	for (uint32_t i = 0; i < table->object_count; i++)
		if (table->objects[i].type >= table->name_count || table->objects[i].site > snapshot->site_count)
			return "objects: a type or site is out of range";
	for (uint32_t i = 0; i < table->reference_count; i++) {
		const struct allot_table_reference *reference = &table->references[i];

		if (reference->from >= table->object_count || reference->to >= table->object_count ||
		    reference->field >= table->name_count)
			return "references: an object or field is out of range";
		if (i && reference->from < reference[-1].from)
			return "references: not in order";
	}
	return NULL;
}

static const char *check_links(const struct allot_snapshot *snapshot)
{
	bool within = false;

	for (uint32_t i = 0; i < snapshot->link_count; i++) {
		const struct allot_link *link = &snapshot->links[i];

		if (link->kind >= ALLOT_LINKS || link->stack >= snapshot->node_count || link->leak_class >= ALLOT_LEAKS)
			return "links: a kind, stack or class is out of range";
		if (!within && link->kind != ALLOT_LINK_BLOCK)
			return "links: a chain does not begin with a block";
		within = link->kind == ALLOT_LINK_BLOCK || link->kind == ALLOT_LINK_LEFT_OUT;
	}
	return within ? "links: a chain has no end" : NULL;
}

static const char *check_history(const struct allot_snapshot *snapshot)
{
	const struct allot_history *history = &snapshot->history;

	for (uint32_t i = 1; i < history->point_count; i++) {
		if (history->points[i].number <= history->points[i - 1].number ||
		    history->points[i].time_ns < history->points[i - 1].time_ns)
			return "history: points are not in order";
	}
	for (uint32_t i = 0; i < history->step_count; i++) {
		const struct allot_history_step *step = &history->steps[i];

		if (step->site >= snapshot->site_count || step->point >= history->point_count)
			return "history: a site or point is out of range";
		if (i && (step->site < step[-1].site || (step->site == step[-1].site && step->point <= step[-1].point)))
			return "history: steps are not in order";
	}
	return NULL;
}

const char *allotp_snapshot_check_symbols(const struct allot_snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->symbol_count; i++) {
		const struct allot_symbol *symbol = &snapshot->symbols[i];

		if (i && allotp_symbol_compare(symbol - 1, symbol) >= 0)
			return "symbols: not in order";
		if (symbol->module >= snapshot->module_count)
			return "symbols: a module is out of range";
		if (!symbol->frame_count || !symbol->frames)
			return "symbols: one has no frame";
	}
	return NULL;
}

const char *allotp_snapshot_check_body(const struct allot_snapshot *snapshot)
{
	static const char *(*const checks[])(const struct allot_snapshot *) = {
		check_process, check_modules, check_nodes, check_regions, check_sites, check_differences, check_marks,
		check_blocks,  check_leaks,   check_lost,  check_objects, check_links, check_history,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const char *wrong = checks[i](snapshot);

		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *allotp_snapshot_check(const struct allot_snapshot *snapshot)
{
	const char *wrong = allotp_snapshot_check_body(snapshot);

	return wrong ? wrong : allotp_snapshot_check_symbols(snapshot);
}
