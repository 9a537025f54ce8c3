/* SPDX-License-Identifier: MIT */
/*
 * A dictionary with weak values: a hash table of entries. An entry owns a weak reference to its value, with a callback that
 * takes the entry out; that weak reference holds the entry, so that it is there when the callback comes, and the entry
 * holds the table. The circle is cut where an entry is taken out.
 */
#include <stdlib.h>
#include <string.h>

#include "object/heap.h"

struct entry {
	struct allot_var_object object;
	struct table *table;
	struct entry *next;            /* in its bucket */
	struct allot_weakref *weakref; /* NULL once it is out: vacant */
	uint64_t hash;
	char key[]; /* count bytes */
};

struct table {
	struct allot_object object;
	pthread_mutex_t lock; /* never held while code of the program may run */
	struct entry **buckets;
	size_t mask, count;
	unsigned iterating;
	bool vacant; /* some entries are */
};

struct allot_weakdict {
	struct allot_heap *heap;
	struct table *table;
};

static void entry_dealloc(void *object)
{
	struct entry *entry = object;

	ALLOT_CLEAR(entry->weakref);
	ALLOT_CLEAR(entry->table);
}

static const struct allot_type entry_type = {
	.name = "allot_weakdict_entry",
	.size = sizeof(struct entry),
	.item_size = 1,
	.dealloc = entry_dealloc,
};

static void table_dealloc(void *object)
{
	struct table *table = object;

	free(table->buckets);
	pthread_mutex_destroy(&table->lock);
}

static const struct allot_type table_type = {
	.name = "allot_weakdict",
	.size = sizeof(struct table),
	.dealloc = table_dealloc,
};

/* FNV-1a, stirred so that the lower bits depend on all. */
static uint64_t hash_of(const void *key, size_t size)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const unsigned char *)key)[i]) * UINT64_C(1099511628211);
	return hash ^ hash >> 29;
}

/* ---- The table, locked ---- */

/* Where the key is, or the end of its bucket. What is out and only waits for the end of an iteration is passed over. */
static struct entry **find(struct table *table, const void *key, size_t size, uint64_t hash)
{
	struct entry **place = &table->buckets[hash & table->mask];

	while (*place && (!(*place)->weakref || (*place)->hash != hash || (*place)->object.count != size ||
			  memcmp((*place)->key, key, size)))
		place = &(*place)->next;
	return place;
}

/* What an entry that is out has left to be given up, once the table is unlocked. */
struct remains {
	struct entry *entry;
	struct allot_weakref *weakref;
};

static void give_up(struct remains *remains)
{
	allot_unref(remains->weakref);
	allot_unref(remains->entry);
}

/* While somebody iterates the entry keeps its place, vacant. */
static struct remains take_out(struct table *table, struct entry **place)
{
	struct entry *entry = *place;
	struct remains remains = { .weakref = entry->weakref };

	entry->weakref = NULL;
	if (table->iterating) {
		table->vacant = true;
		return remains;
	}
	*place = entry->next;
	entry->next = NULL;
	table->count--;
	remains.entry = entry;
	return remains;
}

static int grow(struct table *table)
{
	size_t mask = table->mask * 2 + 1;
	struct entry **buckets = calloc(mask + 1, sizeof(struct entry *));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i <= table->mask; i++)
		while (table->buckets[i]) {
			struct entry *entry = table->buckets[i];

			table->buckets[i] = entry->next;
			entry->next = buckets[entry->hash & mask];
			buckets[entry->hash & mask] = entry;
		}
	free(table->buckets);
	table->buckets = buckets;
	table->mask = mask;
	return 0;
}

/* ---- Death of values ---- */

static void value_died(struct allot_weakref *weakref, void *data)
{
	struct entry *entry = data;
	struct table *table = entry->table;
	struct remains remains = { 0 };

	pthread_mutex_lock(&table->lock);
	/* Another value may have come in this one's place. */
	if (entry->weakref == weakref)
		remains = take_out(table, find(table, entry->key, entry->object.count, entry->hash));
	pthread_mutex_unlock(&table->lock);
	give_up(&remains);
}

/* The last iteration is over: its vacant entries go. */
static void sweep(struct table *table)
{
	struct entry *gone = NULL, *entry;

	pthread_mutex_lock(&table->lock);
	for (size_t i = 0; table->vacant && !table->iterating && i <= table->mask; i++)
		for (struct entry **place = &table->buckets[i]; (entry = *place);) {
			if (entry->weakref) {
				place = &entry->next;
				continue;
			}
			*place = entry->next;
			entry->next = gone;
			gone = entry;
			table->count--;
		}
	if (!table->iterating)
		table->vacant = false;
	pthread_mutex_unlock(&table->lock);
	while ((entry = gone)) {
		gone = entry->next;
		allot_unref(entry);
	}
}

/* ---- The dictionary ---- */

int allot_weakdict_create(struct allot_heap *heap, struct allot_weakdict **dictionary)
{
	struct allot_weakdict *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->heap = allotp_heap(heap);
	made->table = allot_new(made->heap, &table_type);
	if (!made->table) {
		free(made);
		return -ENOMEM;
	}
	pthread_mutex_init(&made->table->lock, NULL);
	made->table->mask = 7;
	made->table->buckets = calloc(made->table->mask + 1, sizeof(struct entry *));
	if (!made->table->buckets) {
		allot_weakdict_destroy(made);
		return -ENOMEM;
	}
	*dictionary = made;
	return 0;
}

void allot_weakdict_destroy(struct allot_weakdict *dictionary)
{
	struct table *table;

	if (!dictionary)
		return;
	table = dictionary->table;
	for (size_t i = 0; table->buckets && i <= table->mask; i++)
		while (table->buckets[i]) {
			struct remains remains = { 0 };

			pthread_mutex_lock(&table->lock);
			if (table->buckets[i])
				remains = take_out(table, &table->buckets[i]);
			pthread_mutex_unlock(&table->lock);
			give_up(&remains);
		}
	allot_unref(table);
	free(dictionary);
}

static struct entry *entry_new(struct allot_weakdict *dictionary, const void *key, size_t size, void *object,
			       int *error)
{
	struct entry *entry = allot_new_items(dictionary->heap, &entry_type, size);

	if (!entry) {
		*error = -ENOMEM;
		return NULL;
	}
	entry->table = allot_ref(dictionary->table);
	entry->hash = hash_of(key, size);
	if (size)
		memcpy(entry->key, key, size);
	*error = allot_weakref_watch(object, value_died, entry, entry, &entry->weakref);
	if (*error) {
		allot_unref(entry);
		return NULL;
	}
	return entry;
}

/*
 * Puts an object in, unless a living one is there that is to stay: a new reference to that goes to *present, and the result
 * is -EEXIST. Nobody runs between look and change: both are under the lock, and what falls out dies after it.
 */
static int put(struct allot_weakdict *dictionary, const void *key, size_t size, void *object, void **present)
{
	struct table *table = dictionary->table;
	struct remains remains = { 0 };
	struct entry *entry, **place;
	int error = 0;

	entry = entry_new(dictionary, key, size, object, &error);
	if (!entry)
		return error;
	pthread_mutex_lock(&table->lock);
	if (table->count > table->mask && !table->iterating)
		error = grow(table);
	place = find(table, key, size, entry->hash);
	if (!error && present && *place && !allot_weakref_get((*place)->weakref, present))
		error = -EEXIST;
	if (error) {
		remains = (struct remains){ entry, entry->weakref };
		entry->weakref = NULL;
	} else {
		if (*place)
			remains = take_out(table, place);
		entry->next = *place;
		*place = entry;
		table->count++;
	}
	pthread_mutex_unlock(&table->lock);
	give_up(&remains);
	return error;
}

int allot_weakdict_set(struct allot_weakdict *dictionary, const void *key, size_t size, void *object)
{
	return put(dictionary, key, size, object, NULL);
}

void *allot_weakdict_get(struct allot_weakdict *dictionary, const void *key, size_t size)
{
	struct table *table = dictionary->table;
	struct entry *entry;
	void *object = NULL;

	pthread_mutex_lock(&table->lock);
	entry = *find(table, key, size, hash_of(key, size));
	if (entry && allot_weakref_get(entry->weakref, &object))
		object = NULL;
	pthread_mutex_unlock(&table->lock);
	return object;
}

void *allot_weakdict_set_default(struct allot_weakdict *dictionary, const void *key, size_t size, void *object)
{
	void *present = allot_weakdict_get(dictionary, key, size);
	int error;

	if (present)
		return present;
	error = put(dictionary, key, size, object, &present);
	if (error == -EEXIST)
		return present;
	if (error) {
		errno = -error;
		return NULL;
	}
	return allot_ref(object);
}

void *allot_weakdict_pop(struct allot_weakdict *dictionary, const void *key, size_t size)
{
	struct table *table = dictionary->table;
	struct remains remains = { 0 };
	struct entry **place;
	void *object = NULL;

	pthread_mutex_lock(&table->lock);
	place = find(table, key, size, hash_of(key, size));
	if (*place) {
		if (allot_weakref_get((*place)->weakref, &object))
			object = NULL;
		remains = take_out(table, place);
	}
	pthread_mutex_unlock(&table->lock);
	give_up(&remains);
	return object;
}

size_t allot_weakdict_count(struct allot_weakdict *dictionary)
{
	struct table *table = dictionary->table;
	size_t count = 0;

	pthread_mutex_lock(&table->lock);
	for (size_t i = 0; i <= table->mask; i++)
		for (struct entry *entry = table->buckets[i]; entry; entry = entry->next)
			count += entry->weakref && !allot_weakref_is_dead(entry->weakref);
	pthread_mutex_unlock(&table->lock);
	return count;
}

/* A new reference to the next living value from a place on, which is moved behind it. */
static void *next_value(struct table *table, size_t *bucket, struct entry **entry)
{
	void *object = NULL;

	pthread_mutex_lock(&table->lock);
	while (!object && *bucket <= table->mask) {
		*entry = *entry ? (*entry)->next : table->buckets[*bucket];
		if (!*entry)
			++*bucket;
		else if (!(*entry)->weakref || allot_weakref_get((*entry)->weakref, &object))
			object = NULL;
	}
	pthread_mutex_unlock(&table->lock);
	return object;
}

/* Meanwhile no entry leaves its place, and the table does not grow. */
int allot_weakdict_each(struct allot_weakdict *dictionary, allot_weakdict_visit *visit, void *data)
{
	struct table *table = allot_ref(dictionary->table);
	struct entry *entry = NULL;
	size_t bucket = 0;
	void *object;
	int result = 0;

	pthread_mutex_lock(&table->lock);
	table->iterating++;
	pthread_mutex_unlock(&table->lock);
	while (!result && (object = next_value(table, &bucket, &entry))) {
		result = visit(entry->key, entry->object.count, object, data);
		allot_unref(object);
	}
	pthread_mutex_lock(&table->lock);
	table->iterating--;
	pthread_mutex_unlock(&table->lock);
	sweep(table);
	allot_unref(table);
	return result;
}
