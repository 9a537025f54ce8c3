/* SPDX-License-Identifier: MIT */
/*
 * An example of the object library, as a program would use it: JSON-like documents whose values know their parents, which
 * makes cycles; a cache of documents by name, which keeps none alive; and, when a document is leaked, a report of the
 * cycle. tests/e2e/object.test runs it, and looks whether the report has the right function and line.
 */
#include <allot/gc.h>
#include <allot/graph.h>
#include <allot/object.h>
#include <allot/weakref.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Values: text, and lists of values ---- */

struct value {
	struct allot_object object;
	struct value *parent; /* NULL at the top */
	char *text;           /* NULL for a list */
	size_t count;
	struct value **items;
};

static void value_dealloc(void *object)
{
	struct value *value = object;

	free(value->items);
	free(value->text);
}

static const struct allot_field value_fields[] = {
	ALLOT_FIELD(struct value, parent),
	ALLOT_ARRAY(struct value, items, count),
	ALLOT_FIELDS_END,
};

static const struct allot_type value_type = {
	.name = "value",
	.size = sizeof(struct value),
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.dealloc = value_dealloc,
	.fields = value_fields,
};

static void value_add(struct value *list, struct value *item)
{
	list->items = realloc(list->items, (list->count + 1) * sizeof(*list->items));
	if (!list->items)
		abort();
	list->items[list->count++] = item;
	item->parent = allot_ref(list);
}

/* [a, b, [c, d]] */
static struct value *value_parse(const char **text)
{
	struct value *value = allot_new(NULL, &value_type); /* the line of a value */

	if (!value)
		abort();
	if (**text == '[') {
		do {
			++*text;
			while (isspace((unsigned char)**text))
				++*text;
			if (**text != ']')
				value_add(value, value_parse(text));
		} while (**text == ',');
		if (**text == ']')
			++*text;
	} else {
		size_t length = strcspn(*text, ",]");

		value->text = strndup(*text, length);
		*text += length;
	}
	return value;
}

static size_t value_count(const struct value *value)
{
	size_t count = 1;

	for (size_t i = 0; i < value->count; i++)
		count += value_count(value->items[i]);
	return count;
}

/* ---- Documents ---- */

struct document {
	struct allot_object object;
	struct value *root;
};

static const struct allot_field document_fields[] = {
	ALLOT_FIELD(struct document, root),
	ALLOT_FIELDS_END,
};

static const struct allot_type document_type = {
	.name = "document",
	.size = sizeof(struct document),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.fields = document_fields,
};

static struct allot_weakdict *cache;
static int loads;

/* From the cache, if somebody has it still. */
static struct document *document_load(const char *name, const char *text)
{
	struct document *document = allot_weakdict_get(cache, name, strlen(name));

	if (document)
		return document;
	loads++;
	document = allot_new(NULL, &document_type);
	if (!document || allot_weakdict_set(cache, name, strlen(name), document))
		abort();
	document->root = value_parse(&text);
	return document;
}

/* With the argument "leave" it ends when the cycle is lost. */
int main(int argc, char **argv)
{
	static const char text[] = "[lorem, [ipsum, dolor], sit]";
	struct document *first, *second;
	long found;

	if (allot_weakdict_create(NULL, &cache))
		return 1;
	first = document_load("a", text);
	second = document_load("a", text);
	printf("%d loaded, the same: %s, %zu values\n", loads, first == second ? "yes" : "no",
	       value_count(first->root));
	allot_unref(first);
	allot_unref(second);
	printf("%zu in the cache, %zu values left\n", allot_weakdict_count(cache), allot_graph_count(NULL, "value"));

	if (argc > 1 && !strcmp(argv[1], "leave"))
		return 0;

	/* The document is gone, but its values hold each other: parents their items, and items their parents. */
	fflush(stdout);
	found = allot_graph_write_cycles(NULL, stdout);
	printf("%ld cycle found, %ld objects collected\n", found, allot_gc_collect(NULL, 2));
	printf("%zu values left\n", allot_graph_count(NULL, "value"));
	allot_weakdict_destroy(cache);
	return 0;
}
