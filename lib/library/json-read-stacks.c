/* SPDX-License-Identifier: MIT */
/* The stacks of a snapshot's JSON, and what their frames are called. */
#include "library/json-read-stacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t allotp_json_index(struct allot_json_reader *reader, const json_t *item, const char *key, uint32_t count)
{
	const json_t *value = json_object_get(item, key);

	if (!value)
		return 0;
	if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) < count)
		return (uint32_t)json_integer_value(value) + 1;
	allotp_json_wrong(reader, key, "not the number of something before");
	return 0;
}

uint32_t allotp_json_node(struct allot_json_reader *reader, const json_t *item, const char *key, uint32_t missing,
			  uint32_t end)
{
	const json_t *value = json_object_get(item, key);

	if (!value)
		return missing;
	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
	    json_integer_value(value) < end - ALLOT_NODE_FIRST)
		return ALLOT_NODE_FIRST + (uint32_t)json_integer_value(value);
	for (uint32_t i = 0; json_is_string(value) && i < ALLOT_NODE_FIRST; i++)
		if (!strcmp(json_string_value(value), allotp_json_ends[i]))
			return i;
	allotp_json_wrong(reader, key,
			  "not the number of a node before, nor \"root\", \"truncated\", \"limit\", \"none\"");
	return missing;
}

void allotp_json_read_node(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			   uint32_t number)
{
	static const struct allot_json_field fields[] = {
		{ "address", offsetof(struct allot_node, address), ALLOT_JSON_HEX },
		{ 0 },
	};
	struct allot_node *node = &snapshot->nodes[number];

	/* Where no address is given there is nothing to be found at it: any will do that no other node has. */
	node->address = number;
	if (!json_is_object(item))
		allotp_json_wrong(reader, "", "not an object");
	allotp_json_get(reader, item, fields, node);
	node->parent = allotp_json_node(reader, item, "caller", ALLOT_NODE_ROOT, number);
	node->module = allotp_json_index(reader, item, "module", snapshot->module_count - 1);
	if (json_is_true(json_object_get(item, "signal")))
		node->flags = ALLOT_NODE_SIGNAL;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_frames(const struct allot_symbol *a, const struct allot_symbol *b)
{
	bool same = a->frame_count == b->frame_count;

	for (uint32_t i = 0; same && i < a->frame_count; i++)
		same = same_text(a->frames[i].function, b->frames[i].function) &&
		       same_text(a->frames[i].file, b->frames[i].file) && a->frames[i].line == b->frames[i].line;
	return same;
}

/* Reads the calls of one node; the symbol has what could be read, for its owner to free. */
static void read_calls(struct allot_json_reader *reader, const json_t *calls, struct allot_symbol *symbol)
{
	size_t count = json_array_size(calls);

	if (!count || count > UINT16_MAX) {
		allotp_json_wrong(reader, "calls", "not an array of calls");
		return;
	}
	symbol->frames = calloc(count, sizeof(*symbol->frames));
	if (!symbol->frames) {
		allotp_json_no_memory(reader);
		return;
	}
	symbol->frame_count = (uint32_t)count;
	for (size_t i = 0; i < count && !reader->rc; i++) {
		allotp_json_get(reader, json_array_get(calls, i), allotp_json_frame, &symbol->frames[i]);
		symbol->frames[i].inlined = i + 1 < count;
	}
}

/* Nodes of one address have one symbol. */
static void drop_repeated(struct allot_json_reader *reader, struct allot_snapshot *snapshot)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->symbol_count; i++) {
		struct allot_symbol *symbol = &snapshot->symbols[i];

		if (count && allotp_symbol_compare(symbol, &snapshot->symbols[count - 1]) == 0) {
			if (!same_frames(symbol, &snapshot->symbols[count - 1]))
				allotp_json_wrong(reader, "nodes", "different calls at the same address");
			allotp_symbol_release(symbol);
			continue;
		}
		snapshot->symbols[count++] = *symbol;
	}
	snapshot->symbol_count = count;
}

void allotp_json_read_symbols(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *nodes)
{
	size_t count = json_array_size(nodes);

	snapshot->symbols = count ? calloc(count, sizeof(*snapshot->symbols)) : NULL;
	if (count && !snapshot->symbols)
		allotp_json_no_memory(reader);
	for (size_t i = 0; i < count && !reader->rc; i++) {
		const struct allot_node *node = &snapshot->nodes[ALLOT_NODE_FIRST + i];
		const json_t *calls = json_object_get(json_array_get(nodes, i), "calls");
		struct allot_symbol *symbol = &snapshot->symbols[snapshot->symbol_count];

		if (!calls)
			continue;
		snprintf(reader->place, sizeof(reader->place), "nodes[%zu]", i);
		*symbol = (struct allot_symbol){ .module = node->module,
						 .address = node->address,
						 .signal = allotp_node_is_exact(snapshot, node) };
		snapshot->symbol_count++;
		read_calls(reader, calls, symbol);
	}
	reader->place[0] = '\0';
	if (reader->rc || !snapshot->symbol_count)
		return;
	qsort(snapshot->symbols, snapshot->symbol_count, sizeof(*snapshot->symbols), allotp_symbol_compare);
	drop_repeated(reader, snapshot);
}
