/* SPDX-License-Identifier: MIT */
/* Keys: the identity of groups, as numbers. */
#include "report/keys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/array.h"
#include "report/hash.h"

struct key {
	uint32_t caller;
	uint32_t label;
	uint32_t depth; /* frames from the oldest to this one */
};

struct allot_keys {
	struct allot_label *labels; /* [0] is unused, as is keys[0] */
	uint32_t label_count, label_room;
	struct key *keys;
	uint32_t key_count, key_room;
	struct allot_hash label_table, key_table;
};

int allotp_keys_new(struct allot_keys **out)
{
	struct allot_keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	keys->label_count = keys->key_count = 1;
	*out = keys;
	return 0;
}

void allotp_keys_free(struct allot_keys *keys)
{
	if (!keys)
		return;
	for (uint32_t i = 1; i < keys->label_count; i++) {
		free(keys->labels[i].text);
		free(keys->labels[i].file);
	}
	free(keys->labels);
	free(keys->keys);
	allotp_hash_release(&keys->label_table);
	allotp_hash_release(&keys->key_table);
	free(keys);
}

static int compare_labels(const struct allot_label *a, const struct allot_label *b)
{
	int order = strcmp(a->file, b->file);

	if (order)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->text, b->text);
}

static bool same_label(const void *labels, uint32_t number, const void *wanted)
{
	return compare_labels((const struct allot_label *)labels + number, wanted) == 0;
}

static bool same_key(const void *keys, uint32_t number, const void *wanted)
{
	const struct key *a = (const struct key *)keys + number, *b = wanted;

	return a->caller == b->caller && a->label == b->label;
}

int allotp_keys_label(struct allot_keys *keys, const char *file, uint32_t line, const char *text, uint32_t *label)
{
	/* only read through while it is looked for */
	struct allot_label wanted = { (char *)text, (char *)file, line };
	uint32_t hash, found;

	hash = allotp_hash_bytes(0, text, strlen(text));
	found = allotp_hash_find(&keys->label_table, hash, same_label, keys->labels, &wanted);
	if (found) {
		*label = found;
		return 0;
	}
	if (allotp_array_reserve(&keys->labels, &keys->label_room, keys->label_count + 1, sizeof(*keys->labels)) < 0)
		return -ENOMEM;
	wanted.text = strdup(text);
	wanted.file = strdup(file);
	if (!wanted.text || !wanted.file || allotp_hash_add(&keys->label_table, hash, keys->label_count) < 0) {
		free(wanted.text);
		free(wanted.file);
		return -ENOMEM;
	}
	keys->labels[keys->label_count] = wanted;
	*label = keys->label_count++;
	return 0;
}

int allotp_keys_add(struct allot_keys *keys, uint32_t caller, uint32_t label, uint32_t *key)
{
	struct key wanted = { caller, label, caller ? keys->keys[caller].depth + 1 : 1 };
	uint32_t hash = allotp_hash_bytes(caller, &label, sizeof(label));
	uint32_t found = allotp_hash_find(&keys->key_table, hash, same_key, keys->keys, &wanted);

	if (found) {
		*key = found;
		return 0;
	}
	if (allotp_array_reserve(&keys->keys, &keys->key_room, keys->key_count + 1, sizeof(*keys->keys)) < 0 ||
	    allotp_hash_add(&keys->key_table, hash, keys->key_count) < 0)
		return -ENOMEM;
	keys->keys[keys->key_count] = wanted;
	*key = keys->key_count++;
	return 0;
}

uint32_t allotp_keys_count(const struct allot_keys *keys)
{
	return keys->key_count;
}

const struct allot_label *allotp_keys_newest(const struct allot_keys *keys, uint32_t key)
{
	return &keys->labels[keys->keys[key].label];
}

uint32_t allotp_keys_caller(const struct allot_keys *keys, uint32_t key)
{
	return keys->keys[key].caller;
}

int allotp_keys_compare(const struct allot_keys *keys, uint32_t a, uint32_t b)
{
	const struct key *k = keys->keys;
	uint32_t a_depth = k[a].depth, b_depth = k[b].depth;

	/* Equal beginnings are one key: the first difference from the oldest frame on is just below it. */
	while (k[a].depth > k[b].depth)
		a = k[a].caller;
	while (k[b].depth > k[a].depth)
		b = k[b].caller;
	if (a == b)
		return a_depth == b_depth ? 0 : a_depth < b_depth ? -1 : 1;
	while (k[a].caller != k[b].caller) {
		a = k[a].caller;
		b = k[b].caller;
	}
	return compare_labels(&keys->labels[k[a].label], &keys->labels[k[b].label]);
}

char *allotp_keys_text(const struct allot_keys *keys, uint32_t key)
{
	size_t size = 0;
	char *text, *end;

	for (uint32_t k = key; k; k = keys->keys[k].caller)
		size += strlen(keys->labels[keys->keys[k].label].text) + 1;
	text = malloc(size ? size : 1);
	if (!text)
		return NULL;
	end = text;
	*end = '\0';
	for (uint32_t k = key; k; k = keys->keys[k].caller) {
		if (k != key)
			*end++ = ';';
		end = stpcpy(end, keys->labels[keys->keys[k].label].text);
	}
	return text;
}
