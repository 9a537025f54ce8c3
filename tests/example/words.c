/* SPDX-License-Identifier: MIT */
/* A set of words that are counted. allot sees each text of the arena as a block in a domain of its own. */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include <allot/trace.h>

enum { ARENA = 1024, BUCKETS = 64 };

struct word {
	struct word *next;
	size_t count;
	char *text;
};

struct words {
	struct word *buckets[BUCKETS];
	size_t distinct, used;
	int domain; /* what allot calls the arena; below 0: nobody traces */
	char arena[ARENA];
};

struct words *words_new(void)
{
	struct words *words = calloc(1, sizeof(*words));

	if (words)
		words->domain = allot_domain("arena");
	return words;
}

static char *arena_copy(struct words *words, const char *text, size_t length)
{
	char *copy = words->arena + words->used;

	if (length >= ARENA - words->used)
		return NULL;
	memcpy(copy, text, length);
	words->used += length + 1;
	if (words->domain >= 0)
		allot_track(words->domain, copy, length + 1);
	return copy;
}

static struct word **find(struct words *words, const char *text, size_t length)
{
	size_t hash = 5381;
	struct word **word;

	for (size_t i = 0; i < length; i++)
		hash = hash * 33 + (unsigned char)text[i];
	for (word = &words->buckets[hash % BUCKETS]; *word; word = &(*word)->next)
		if (!strncmp((*word)->text, text, length) && !(*word)->text[length])
			break;
	return word;
}

int words_add(struct words *words, const char *text, size_t length)
{
	struct word **word = find(words, text, length);

	if (!*word) {
		struct word *new = calloc(1, sizeof(*new));

		if (!new || !(new->text = arena_copy(words, text, length))) {
			free(new);
			return -1;
		}
		*word = new;
		words->distinct++;
	}
	(*word)->count++;
	return 0;
}

size_t words_count(const struct words *words, const char *text)
{
	struct word **word = find((struct words *)words, text, strlen(text));

	return *word ? (*word)->count : 0;
}

size_t words_distinct(const struct words *words)
{
	return words->distinct;
}

void words_free(struct words *words)
{
	for (int i = 0; words && i < BUCKETS; i++)
		while (words->buckets[i]) {
			struct word *word = words->buckets[i];

			words->buckets[i] = word->next;
			if (words->domain >= 0)
				allot_untrack(words->domain, word->text);
			free(word);
		}
	free(words);
}
