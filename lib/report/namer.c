/* SPDX-License-Identifier: MIT */
/* Gives the symbols and stacks of one snapshot their keys, each once. */
#include "report/namer.h"

#include <errno.h>
#include <stdlib.h>

#include "report/array.h"

int allotp_namer_init(struct allot_namer *namer, const struct allot_view *view, struct allot_keys *keys,
		      enum allot_group_by group_by)
{
	*namer = (struct allot_namer){ .view = *view, .keys = keys, .group_by = group_by, .named_count = 1 };
	if (group_by != ALLOT_GROUP_STACK)
		return 0;
	namer->stack_keys = calloc(view->snapshot->node_count, sizeof(*namer->stack_keys));
	return namer->stack_keys ? 0 : -ENOMEM;
}

void allotp_namer_release(struct allot_namer *namer)
{
	free(namer->named);
	free(namer->labels);
	free(namer->stack_keys);
	allotp_hash_release(&namer->table);
}

static bool same_symbol(const void *named, uint32_t number, const void *wanted)
{
	return ((const struct allot_named *)named)[number].symbol == wanted;
}

/* The labels of a symbol's frames: *first is the innermost's index in labels[]. */
static int name_symbol(struct allot_namer *namer, const struct allot_symbol *symbol, uint32_t *first)
{
	uint32_t hash = allotp_hash_bytes(0, &symbol, sizeof(symbol));
	uint32_t found = allotp_hash_find(&namer->table, hash, same_symbol, namer->named, symbol);
	uint32_t start = namer->label_count;
	int rc;

	if (found) {
		*first = namer->named[found].first;
		return 0;
	}
	rc = allotp_array_reserve(&namer->named, &namer->named_room, namer->named_count + 1, sizeof(*namer->named));
	if (rc == 0)
		rc = allotp_array_reserve(&namer->labels, &namer->label_room, start + symbol->frame_count,
					  sizeof(*namer->labels));
	for (uint32_t i = 0; i < symbol->frame_count && rc == 0; i++)
		rc = allotp_label_of_frame(namer->keys, namer->group_by, namer->view.snapshot, symbol, i,
					   &namer->labels[start + i]);
	if (rc == 0)
		rc = allotp_hash_add(&namer->table, hash, namer->named_count);
	if (rc < 0)
		return rc;
	namer->label_count += symbol->frame_count;
	namer->named[namer->named_count++] = (struct allot_named){ symbol, start };
	*first = start;
	return 0;
}

/* The same for a node, and how many frames it has. */
static int name_node(struct allot_namer *namer, uint32_t node, uint32_t *first, uint32_t *count)
{
	const struct allot_symbol *symbol = allotp_resolve(namer->view.resolver, node);

	if (!symbol)
		return -ENOMEM;
	*count = symbol->frame_count;
	return name_symbol(namer, symbol, first);
}

int allotp_namer_frame(struct allot_namer *namer, uint32_t node, uint32_t frame, uint32_t *key)
{
	uint32_t first, count;
	int rc = name_node(namer, node, &first, &count);

	return rc < 0 ? rc : allotp_keys_add(namer->keys, 0, namer->labels[first + frame], key);
}

/* Adds a node's frames to the key of its callers. */
static int extend(struct allot_namer *namer, uint32_t node, uint32_t *key)
{
	uint32_t first, count;
	int rc = name_node(namer, node, &first, &count);

	for (uint32_t f = rc < 0 ? 0 : count; f-- > 0 && rc == 0;)
		rc = allotp_keys_add(namer->keys, *key, namer->labels[first + f], key);
	return rc;
}

int allotp_namer_stack(struct allot_namer *namer, uint32_t node, uint32_t *key)
{
	const struct allot_node *nodes = namer->view.snapshot->nodes;
	uint32_t *path, length = 0, end, result = 0;
	int rc = 0;

	for (end = node; end >= ALLOT_NODE_FIRST && !namer->stack_keys[end]; end = nodes[end].parent)
		length++;
	path = malloc((length + 1) * sizeof(*path));
	if (!path)
		return -ENOMEM;
	for (uint32_t i = 0, n = node; i < length; n = nodes[n].parent)
		path[i++] = n;
	if (end >= ALLOT_NODE_FIRST)
		result = namer->stack_keys[end];
	else if (!length || end == ALLOT_NODE_TRUNCATED || end == ALLOT_NODE_LIMIT)
		rc = allotp_namer_end(namer, end, &result);
	while (length-- > 0 && rc == 0) {
		rc = extend(namer, path[length], &result);
		namer->stack_keys[path[length]] = result;
	}
	free(path);
	if (rc == 0)
		*key = result;
	return rc;
}

int allotp_namer_end(struct allot_namer *namer, uint32_t node, uint32_t *key)
{
	uint32_t label;
	int rc = allotp_label_of_end(namer->keys, node, &label);

	return rc < 0 ? rc : allotp_keys_add(namer->keys, 0, label, key);
}

int allotp_namer_domain(struct allot_namer *namer, uint32_t domain, uint32_t *key)
{
	uint32_t label;
	int rc = allotp_label_of_domain(namer->keys, namer->view.snapshot, domain, &label);

	return rc < 0 ? rc : allotp_keys_add(namer->keys, 0, label, key);
}

int allotp_namer_region(struct allot_namer *namer, uint32_t region, uint32_t *key)
{
	uint32_t label;
	int rc = allotp_label_of_region(namer->keys, namer->view.snapshot, region, &label);

	return rc < 0 ? rc : allotp_keys_add(namer->keys, 0, label, key);
}

int allotp_namer_type(struct allot_namer *namer, uint32_t type, uint32_t *key)
{
	const char *name = type ? namer->view.snapshot->objects.names[type] : "[no object]";
	uint32_t label;
	int rc = allotp_keys_label(namer->keys, name, 0, name, &label);

	return rc < 0 ? rc : allotp_keys_add(namer->keys, 0, label, key);
}

int allotp_namer_site(struct allot_namer *namer, uint32_t domain, uint32_t origin, uint32_t region, uint32_t *key)
{
	if (namer->group_by == ALLOT_GROUP_DOMAIN)
		return allotp_namer_domain(namer, domain, key);
	if (namer->group_by == ALLOT_GROUP_REGION)
		return allotp_namer_region(namer, region, key);
	if (namer->group_by == ALLOT_GROUP_STACK)
		return allotp_namer_stack(namer, origin, key);
	if (origin < ALLOT_NODE_FIRST)
		return allotp_namer_end(namer, ALLOT_NODE_NONE, key);
	return allotp_namer_frame(namer, origin, 0, key);
}
