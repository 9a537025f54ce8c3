/* SPDX-License-Identifier: MIT */
/*
 * Weak references, finalizers that do not belong to a type, and a dictionary with weak values: Python's module weakref.
 * The order of things is that of CPython 3.15. There are no borrowed pointers: what is alive is given as a new reference.
 * See object.h for words, threads and errors.
 */
#ifndef ALLOT_WEAKREF_H
#define ALLOT_WEAKREF_H

#include <stdbool.h>

#include <allot/object.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* A weak reference is itself an object, of the same heap, to be given up with allot_unref(). */
struct allot_weakref;

/*
 * Called when the object of a weak reference has died, or is about to, after every weak reference to it is dead; the last
 * made first. A weak reference that has died before calls nobody, nor does one that is collected as part of the same
 * cycle.
 */
typedef void allot_weakref_callback(struct allot_weakref *weakref, void *data);

/*
 * A new reference to the one weak reference without callback that an object has. -EOPNOTSUPP if its type has no support,
 * -ESTALE in its own clear and dealloc, when it is dead already, -ENOMEM. The same goes for the next.
 */
int allot_weakref_new(void *object, struct allot_weakref **weakref);

/* A weak reference of its own, with a callback. It owns a reference to held, if that is not NULL: what data lies in, usually. */
int allot_weakref_watch(void *object, allot_weakref_callback *callback, void *data, void *held,
			struct allot_weakref **weakref);

/* A new reference to the object. -ESTALE if it is dead. */
int allot_weakref_get(struct allot_weakref *weakref, void **object);

bool allot_weakref_is_dead(struct allot_weakref *weakref);

/* How many weak references there are to an object. */
size_t allot_weakref_count(const void *object);

/* ---- Finalizers: weakref.finalize ---- */

/*
 * Calls a function once, when an object dies, when it is told to, or at exit. The heap keeps it until then, so it can be
 * given up at once. An object, as weak references are.
 */
struct allot_finalizer;

/* 0 or a negative errno, which is told on standard error. */
typedef int allot_finalizer_function(void *data);

/* finalizer may be NULL, if it is not to be detached or called by hand. -EOPNOTSUPP, -ENOMEM. */
int allot_finalizer_new(void *object, allot_finalizer_function *function, void *data, struct allot_finalizer **finalizer);

/* Calls the function now, if it was not called and not detached: whether it did. */
bool allot_finalizer_call(struct allot_finalizer *finalizer);

/* Never to be called. Gives a new reference to the object, or NULL if it was called or detached before. */
void *allot_finalizer_detach(struct allot_finalizer *finalizer);

/* The same without detaching. */
void *allot_finalizer_peek(struct allot_finalizer *finalizer);

bool allot_finalizer_is_alive(struct allot_finalizer *finalizer);

/*
 * Whether it is called at exit, or at allot_heap_destroy(), if its object still lives; so it is at first. There the last
 * made is called first, the collector is disabled, and what is registered meanwhile is called next. At exit is for the
 * default heap, and for others that were not destroyed: from the thread that exits.
 */
void allot_finalizer_set_atexit(struct allot_finalizer *finalizer, bool atexit);
bool allot_finalizer_get_atexit(struct allot_finalizer *finalizer);

/* ---- Dictionary with weak values: weakref.WeakValueDictionary ---- */

/* Maps keys, which are bytes and copied, to objects that it does not keep alive: an entry goes when its object dies. */
struct allot_weakdict;

/* In a shared heap the dictionary has a lock of its own. -ENOMEM. */
int allot_weakdict_create(struct allot_heap *heap, struct allot_weakdict **dictionary);
void allot_weakdict_destroy(struct allot_weakdict *dictionary);

/* Replaces. -EOPNOTSUPP, -ENOMEM: nothing is changed then. */
int allot_weakdict_set(struct allot_weakdict *dictionary, const void *key, size_t size, void *object);

/* A new reference, or NULL. */
void *allot_weakdict_get(struct allot_weakdict *dictionary, const void *key, size_t size);

/* A new reference to what is there, else to what was given, which is then there. NULL with errno. */
void *allot_weakdict_set_default(struct allot_weakdict *dictionary, const void *key, size_t size, void *object);

/* Takes the entry out; a new reference, or NULL. */
void *allot_weakdict_pop(struct allot_weakdict *dictionary, const void *key, size_t size);

/* The living entries. */
size_t allot_weakdict_count(struct allot_weakdict *dictionary);

/*
 * Calls visit for each living entry, with a reference that lasts for the call, until it returns other than 0, and returns
 * that. Objects may die meanwhile, and visit may set and pop: places of entries that are gone go when the iteration ends.
 * Whether one that comes meanwhile is visited is not said. visit must not destroy the dictionary.
 */
typedef int allot_weakdict_visit(const void *key, size_t size, void *object, void *data);
int allot_weakdict_each(struct allot_weakdict *dictionary, allot_weakdict_visit *visit, void *data);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
