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
	struct allot_weakref *weakref; /* NULL once it is out */
	uint64_t hash;
	char key[]; /* count bytes */
};

struct table {
	struct allot_object object;
	pthread_mutex_t lock; /* never held while code of the program may run */
	struct entry **buckets;
	size_t mask, count;
	unsigned iterating;
	bool dead_meanwhile; /* entries wait for the end of an iteration */
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

static struct entry **find(struct table *table, const void *key, size_t size, uint64_t hash)
{
	struct entry **place = &table->buckets[hash & table->mask];

	while (*place && ((*place)->hash != hash || (*place)->object.count != size || memcmp((*place)->key, key, size)))
		place = &(*place)->next;
	return place;
}

/* The weak reference becomes the caller's, and so does the table's reference to the entry. */
static struct entry *take_out(struct table *table, struct entry **place, struct allot_weakref **weakref)
{
	struct entry *entry = *place;

	*place = entry->next;
	entry->next = NULL;
	*weakref = entry->weakref;
	entry->weakref = NULL;
	table->count--;
	return entry;
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
	struct entry *entry = data, *taken = NULL;
	struct table *table = entry->table;
	struct allot_weakref *own = NULL;

	pthread_mutex_lock(&table->lock);
	/* Another value may have come in this one's place. */
	if (entry->weakref == weakref) {
		if (table->iterating)
			table->dead_meanwhile = true;
		else
			taken = take_out(table, find(table, entry->key, entry->object.count, entry->hash), &own);
	}
	pthread_mutex_unlock(&table->lock);
	allot_unref(own);
	allot_unref(taken);
}

/* One dead entry from bucket on, or NULL. */
static struct entry *take_dead(struct table *table, size_t *bucket, struct allot_weakref **weakref)
{
	for (; *bucket <= table->mask; ++*bucket)
		for (struct entry **place = &table->buckets[*bucket]; *place; place = &(*place)->next)
			if (allot_weakref_is_dead((*place)->weakref))
				return take_out(table, place, weakref);
	return NULL;
}

/* What died while somebody iterated goes now. */
static void sweep(struct table *table)
{
	struct allot_weakref *weakref;
	struct entry *entry;
	size_t bucket = 0;

	do {
		pthread_mutex_lock(&table->lock);
		entry = table->iterating ? NULL : take_dead(table, &bucket, &weakref);
		pthread_mutex_unlock(&table->lock);
		if (entry) {
			allot_unref(weakref);
			allot_unref(entry);
		}
	} while (entry);
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
			struct allot_weakref *weakref;
			struct entry *entry;

			pthread_mutex_lock(&table->lock);
			entry = table->buckets[i] ? take_out(table, &table->buckets[i], &weakref) : NULL;
			pthread_mutex_unlock(&table->lock);
			if (entry) {
				allot_unref(weakref);
				allot_unref(entry);
			}
		}
	allot_unref(table);
	free(dictionary);
}

static struct entry *entry_new(struct allot_weakdict *dictionary, const void *key, size_t size, void *object,
			       int *error)
{
	struct entry *entry = allot_new_items(dictionary->heap, &entry_type, size);

	*error = -ENOMEM;
	if (!entry)
		return NULL;
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
 * Puts an object in, unless a living one is there that is to stay: a new reference to that goes to *present. Nobody runs
 * between look and change: both are under the lock, and what falls out dies after it.
 */
static int put(struct allot_weakdict *dictionary, const void *key, size_t size, void *object, void **present)
{
	struct table *table = dictionary->table;
	struct allot_weakref *old = NULL;
	struct entry *entry, *replaced = NULL, **place;
	int error;

	entry = entry_new(dictionary, key, size, object, &error);
	if (!entry)
		return error;
	pthread_mutex_lock(&table->lock);
	place = find(table, key, size, entry->hash);
	if (table->iterating) {
		error = -EBUSY;
	} else if (present && *place && !allot_weakref_get((*place)->weakref, present)) {
		error = -EEXIST;
	} else if (!*place && table->count > table->mask && grow(table)) {
		error = -ENOMEM;
	} else {
		place = find(table, key, size, entry->hash);
		if (*place)
			replaced = take_out(table, place, &old);
		entry->next = *place;
		*place = entry;
		table->count++;
	}
	if (error) {
		replaced = entry;
		old = entry->weakref;
		entry->weakref = NULL;
	}
	pthread_mutex_unlock(&table->lock);
	allot_unref(old);
	allot_unref(replaced);
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
	struct allot_weakref *weakref = NULL;
	struct entry *entry = NULL, **place;
	void *object = NULL;

	pthread_mutex_lock(&table->lock);
	place = find(table, key, size, hash_of(key, size));
	if (*place && !table->iterating) {
		if (allot_weakref_get((*place)->weakref, &object))
			object = NULL;
		entry = take_out(table, place, &weakref);
	}
	pthread_mutex_unlock(&table->lock);
	allot_unref(weakref);
	allot_unref(entry);
	return object;
}

size_t allot_weakdict_count(struct allot_weakdict *dictionary)
{
	struct table *table = dictionary->table;
	size_t count = 0;

	pthread_mutex_lock(&table->lock);
	for (size_t i = 0; i <= table->mask; i++)
		for (struct entry *entry = table->buckets[i]; entry; entry = entry->next)
			count += !allot_weakref_is_dead(entry->weakref);
	pthread_mutex_unlock(&table->lock);
	return count;
}

/* Nothing is put in or taken out meanwhile, so places stay what they are without the lock. */
int allot_weakdict_each(struct allot_weakdict *dictionary, allot_weakdict_visit *visit, void *data)
{
	struct table *table = allot_ref(dictionary->table);
	bool last_with_dead;
	int result = 0;

	pthread_mutex_lock(&table->lock);
	table->iterating++;
	pthread_mutex_unlock(&table->lock);
	for (size_t i = 0; i <= table->mask && !result; i++)
		for (struct entry *entry = table->buckets[i]; entry && !result; entry = entry->next) {
			void *object;

			if (allot_weakref_get(entry->weakref, &object))
				continue;
			result = visit(entry->key, entry->object.count, object, data);
			allot_unref(object);
		}
	pthread_mutex_lock(&table->lock);
	last_with_dead = !--table->iterating && table->dead_meanwhile;
	if (last_with_dead)
		table->dead_meanwhile = false;
	pthread_mutex_unlock(&table->lock);
	if (last_with_dead)
		sweep(table);
	allot_unref(table);
	return result;
}
