/* SPDX-License-Identifier: MIT */
/* Which sites filters keep. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "filter/glob.h"
#include "report/label.h"

/* What is known of a node: whether it, or one of its callers, has a frame that the filter matches. */
enum { UNKNOWN, MATCHES, DIFFERS };

struct matcher {
	const struct allot_view *view;
	const struct allot_filter *filter;
	uint8_t *nodes; /* for all_frames: what is known of each node */
};

static bool has_frame_conditions(const struct allot_filter *filter)
{
	return filter->file || filter->function || filter->module || filter->match_line;
}

static bool matches_frame(const struct allot_filter *filter, const char *file, uint32_t line, const char *function,
			  const char *module)
{
	return (!filter->match_line || filter->line == line) &&
	       (!filter->file || allotp_glob_match(filter->file, file)) &&
	       (!filter->function || allotp_glob_match(filter->function, function)) &&
	       (!filter->module || allotp_glob_match(filter->module, module));
}

static bool matches_frame_of(const struct matcher *matcher, const struct allot_symbol *symbol, uint32_t number)
{
	const char *module = allotp_module_name(matcher->view->snapshot, symbol->module);
	const struct allot_frame *frame = &symbol->frames[number];

	return matches_frame(matcher->filter, frame->file ? frame->file : module, frame->file ? frame->line : 0,
			     frame->function ? frame->function : "", module);
}

/* Does a frame of the node match: the innermost, or with all_frames any? 1, 0 or -ENOMEM. */
static int matches_node(const struct matcher *matcher, uint32_t node)
{
	const struct allot_symbol *symbol = allotp_resolve(matcher->view->resolver, node);
	uint32_t count = symbol && matcher->filter->all_frames ? symbol->frame_count : 1;

	if (!symbol)
		return -ENOMEM;
	for (uint32_t f = 0; f < count; f++)
		if (matches_frame_of(matcher, symbol, f))
			return 1;
	return 0;
}

/* Does the node or one of its callers match? Stacks share their callers, so what was found out is kept. */
static int matches_callers(const struct matcher *matcher, uint32_t node)
{
	const struct allot_node *nodes = matcher->view->snapshot->nodes;
	uint32_t end;
	int found = 0;

	for (end = node; end >= ALLOT_NODE_FIRST && !found; end = nodes[end].parent) {
		if (matcher->nodes[end] != UNKNOWN) {
			found = matcher->nodes[end] == MATCHES;
			break;
		}
		found = matches_node(matcher, end);
		if (found < 0)
			return found;
	}
	/* all that were passed on the way, the matching one included, have the same answer */
	for (uint32_t n = node; n != end && n >= ALLOT_NODE_FIRST; n = nodes[n].parent)
		matcher->nodes[n] = found ? MATCHES : DIFFERS;
	return found;
}

/* What a stack without frames is called stands for its file. */
static bool matches_no_stack(const struct allot_filter *filter)
{
	return matches_frame(filter, ALLOT_LABEL_NO_STACK, 0, "", ALLOT_LABEL_UNKNOWN);
}

static int matches_stack(const struct matcher *matcher, uint32_t stack)
{
	uint32_t origin;
	int rc;

	if (!has_frame_conditions(matcher->filter))
		return 1;
	rc = allotp_backtrace_origin(matcher->view, stack, &origin);
	if (rc < 0)
		return rc;
	if (origin < ALLOT_NODE_FIRST)
		return matches_no_stack(matcher->filter);
	return matcher->filter->all_frames ? matches_callers(matcher, origin) : matches_node(matcher, origin);
}

static bool matches_domain(const struct allot_snapshot *snapshot, const char *wanted, uint32_t domain)
{
	char number[16];

	if (!wanted || !strcmp(wanted, snapshot->domains[domain]))
		return true;
	snprintf(number, sizeof(number), "%u", (unsigned)domain);
	return !strcmp(wanted, number);
}

/* Is that the region's name, or its name with those around it before: "parse", "request/parse"? */
static bool is_named(const struct allot_snapshot *snapshot, uint32_t region, const char *wanted)
{
	size_t left = strlen(wanted);

	for (uint32_t r = region; r; r = snapshot->regions[r].parent) {
		const char *name = snapshot->regions[r].name;
		size_t length = strlen(name);

		if (left < length || strncmp(wanted + left - length, name, length))
			return false;
		left -= length;
		if (!left)
			return true;
		if (wanted[--left] != '/')
			return false;
	}
	return false;
}

/* Blocks of a region are in all those around it, too. */
static bool matches_region(const struct allot_snapshot *snapshot, const char *wanted, uint32_t region)
{
	if (!wanted)
		return true;
	for (uint32_t r = region; r; r = snapshot->regions[r].parent)
		if (is_named(snapshot, r, wanted))
			return true;
	return false;
}

/* Do all conditions of the filter hold for the site? 1, 0 or -ENOMEM. */
static int matches_site(const struct matcher *matcher, const struct allot_site *site)
{
	if (!matches_domain(matcher->view->snapshot, matcher->filter->domain, site->domain) ||
	    !matches_region(matcher->view->snapshot, matcher->filter->region, site->region))
		return 0;
	return matches_stack(matcher, site->stack);
}

/* Applies one filter: an inclusive one marks in included[] what it matches, an exclusive one takes it out of keep[]. */
static int apply_one(const struct allot_view *view, const struct allot_filter *filter, bool *included, bool *keep)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	struct matcher matcher = { view, filter, NULL };
	int rc = 0;

	if (filter->all_frames) {
		matcher.nodes = calloc(snapshot->node_count, 1);
		if (!matcher.nodes)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < snapshot->site_count && rc >= 0; i++) {
		/* names that decide nothing any more are not looked up */
		if (!keep[i] || (!filter->exclude && included[i]))
			continue;
		rc = matches_site(&matcher, &snapshot->sites[i]);
		if (rc > 0 && filter->exclude)
			keep[i] = false;
		else if (rc > 0)
			included[i] = true;
	}
	free(matcher.nodes);
	return rc < 0 ? rc : 0;
}

int allotp_filter_sites(const struct allot_view *view, const struct allot_filter *filters, size_t count, bool *keep)
{
	uint32_t sites = view->snapshot->site_count;
	bool *included = calloc(sites ? sites : 1, sizeof(*included)), selective = false;
	bool *kept = malloc((sites ? sites : 1) * sizeof(*kept));
	int rc = included && kept ? 0 : -ENOMEM;

	if (rc == 0)
		memset(kept, true, sites * sizeof(*kept));
	for (size_t i = 0; i < count && rc == 0; i++) {
		selective |= !filters[i].exclude;
		rc = apply_one(view, &filters[i], included, kept);
	}
	for (uint32_t i = 0; i < sites && rc == 0; i++)
		keep[i] = kept[i] && (!selective || included[i]);
	free(included);
	free(kept);
	return rc;
}
