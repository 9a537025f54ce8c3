/* SPDX-License-Identifier: MIT */
/* Keeps one copy of each function and file name, and remembers what each raw name was turned into. */
#include "symbol/names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/symbol.h"

#define CHUNK_BYTES ((size_t)64 * 1024)

struct allot_name_chunk {
	struct allot_name_chunk *next;
	size_t used, size;
	char text[];
};

static uint32_t hash_text(const char *text, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static char *keep_text(struct allot_names *names, const char *text, size_t length)
{
	struct allot_name_chunk *chunk = names->chunks;
	char *copy;

	if (!chunk || chunk->size - chunk->used <= length) {
		size_t size = length < CHUNK_BYTES ? CHUNK_BYTES : length + 1;

		chunk = malloc(sizeof(*chunk) + size);
		if (!chunk)
			return NULL;
		chunk->next = names->chunks;
		chunk->used = 0;
		chunk->size = size;
		names->chunks = chunk;
	}
	copy = chunk->text + chunk->used;
	memcpy(copy, text, length);
	copy[length] = '\0';
	chunk->used += length + 1;
	return copy;
}

static struct allot_name *find_place(const struct allot_name_table *table, uint32_t hash, const char *text,
				     size_t length)
{
	size_t mask = table->capacity - 1;
	size_t i = hash & mask;

	while (table->places[i].raw) {
		const struct allot_name *name = &table->places[i];

		if (name->hash == hash && !strncmp(name->raw, text, length) && !name->raw[length])
			break;
		i = (i + 1) & mask;
	}
	return &table->places[i];
}

/* Makes room for one more; places move, so pointers to them do not outlive this. */
static int grow(struct allot_name_table *table)
{
	struct allot_name_table bigger = { .capacity = table->capacity ? table->capacity * 2 : 1024 };

	if (table->count * 2 < table->capacity)
		return 0;
	bigger.places = calloc(bigger.capacity, sizeof(*bigger.places));
	if (!bigger.places)
		return -1;
	bigger.count = table->count;
	for (size_t i = 0; i < table->capacity; i++) {
		const struct allot_name *old = &table->places[i];

		if (old->raw)
			*find_place(&bigger, old->hash, old->raw, strlen(old->raw)) = *old;
	}
	free(table->places);
	*table = bigger;
	return 0;
}

static const char *intern(struct allot_names *names, const char *text, size_t length)
{
	uint32_t hash = hash_text(text, length);
	struct allot_name *name;
	const char *copy;

	if (grow(&names->shown) < 0)
		return NULL;
	name = find_place(&names->shown, hash, text, length);
	if (name->raw)
		return name->raw;
	copy = keep_text(names, text, length);
	if (!copy)
		return NULL;
	*name = (struct allot_name){ hash, copy, copy };
	names->shown.count++;
	return copy;
}

/* Looks raw up in a table of conversions, and converts it the first time. convert returns a malloc'ed string. */
static const char *converted(struct allot_names *names, struct allot_name_table *table, const char *raw, size_t length,
			     char *(*convert)(const char *))
{
	uint32_t hash = hash_text(raw, length);
	struct allot_name *name;
	const char *copy, *shown;
	char *text;

	if (grow(table) < 0)
		return NULL;
	name = find_place(table, hash, raw, length);
	if (name->raw)
		return name->shown;
	copy = keep_text(names, raw, length);
	if (!copy)
		return NULL;
	text = convert(copy);
	if (!text)
		return NULL;
	shown = intern(names, text, strlen(text));
	free(text);
	if (!shown)
		return NULL;
	*name = (struct allot_name){ hash, copy, shown };
	table->count++;
	return shown;
}

void allotp_path_normalize(char *path)
{
	const bool absolute = path[0] == '/';
	char *out = path + absolute; /* where the next component goes; never ahead of in */
	char *floor = out;           /* ".." takes nothing away before this */
	const char *in = out;
	bool last = !*in;

	while (!last) {
		const char *end = strchrnul(in, '/');
		size_t length = (size_t)(end - in);

		last = !*end; /* looked at now, as the slash put after the component may overwrite it */
		if (length == 2 && in[0] == '.' && in[1] == '.' && out > floor) {
			out--;
			while (out > floor && out[-1] != '/')
				out--;
		} else if (length == 2 && in[0] == '.' && in[1] == '.' && !absolute) {
			memcpy(out, "../", 3);
			out += 3;
			floor = out;
		} else if (length > 2 || (length > 0 && strncmp(in, "..", length) != 0)) {
			memmove(out, in, length);
			out += length;
			*out++ = '/';
		}
		in = end + 1;
	}
	if (out > path + absolute)
		out--;
	*out = '\0';
}

static char *show_file(const char *raw)
{
	char *path = strdup(raw);

	if (path)
		allotp_path_normalize(path);
	return path;
}

const char *allotp_names_plain(struct allot_names *names, const char *text)
{
	return intern(names, text, strlen(text));
}

const char *allotp_names_function(struct allot_names *names, const char *linkage)
{
	static const char hidden[] = "__GI_"; /* what libc calls its own functions, so as not to call another's */
	size_t length;

	if (!strncmp(linkage, hidden, strlen(hidden)) && linkage[strlen(hidden)])
		linkage += strlen(hidden);
	/* A version follows only a whole name, so a name that begins with '@' has none. */
	length = strcspn(linkage, "@");

	if (length == 0)
		length = strlen(linkage);
	return converted(names, &names->functions, linkage, length, allotp_demangle);
}

const char *allotp_names_file(struct allot_names *names, const char *path)
{
	return converted(names, &names->files, path, strlen(path), show_file);
}

void allotp_names_release(struct allot_names *names)
{
	while (names->chunks) {
		struct allot_name_chunk *next = names->chunks->next;

		free(names->chunks);
		names->chunks = next;
	}
	free(names->shown.places);
	free(names->functions.places);
	free(names->files.places);
	memset(names, 0, sizeof(*names));
}
