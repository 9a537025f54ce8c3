/* SPDX-License-Identifier: MIT */
/*
 * Reference-counted objects whose cycles are found and collected, as CPython's are. Link with liballot-object
 * (pkg-config: allot-object). It needs no tracer; with the tracer preloaded, messages say where an object came from.
 *
 *   object.h    types, heaps, objects and their counts; this file
 *   gc.h        the collector, as Python's module gc
 *   weakref.h   weak references, finalizers, and a dictionary with weak values, as Python's module weakref
 *   graph.h     who refers to whom, as the package objgraph
 *   pool.h      where small objects lie
 *
 * Words. An object *owns* references to others: its fields. A reference that a function returns as *new* is the
 * caller's, who gives it up with allot_unref(). A *heap* holds objects and collects their cycles. A *container* is an
 * object whose type can say what it refers to (it has `traverse`); only containers are seen by the collector.
 *
 * Threads. A heap and its objects belong to one thread, unless it was made with ALLOT_HEAP_SHARED. The default heap
 * belongs to the thread that used it first.
 *
 * Errors are negative errno values, and outputs are untouched then; functions that return an object return NULL and
 * set errno. What can only be a bug of the program, like a reference too many that was given up, is told on standard
 * error with type and address, and with the tracer where the object was made; then the process is aborted.
 */
#ifndef ALLOT_OBJECT_H
#define ALLOT_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct allot_heap;
struct allot_type;

/* The start of every object; its members are for the functions below. */
struct allot_object {
	int32_t refs;
	uint16_t state;
	uint16_t heap;
	const struct allot_type *type;
};

/* The start of an object of variable size: count items lie behind the struct. */
struct allot_var_object {
	struct allot_object object;
	size_t count;
};

/* Gets a reference that an object owns. A result other than 0 ends the traversal, which returns it. */
typedef int allot_visit(void *object, void *data);

/*
 * A field that holds references: one; or all items of an object of variable size; or, for an array in memory of its own, a
 * pointer to it and the number of its items, a size_t. Tables of fields give graphs their names; with
 * allot_traverse_fields() and allot_clear_fields() they also do a type's work. A table ends with ALLOT_FIELDS_END.
 */
struct allot_field {
	const char *name;
	uint32_t offset;
	uint16_t kind;
	uint16_t count_offset;
};

#define ALLOT_FIELD_ONE 0
#define ALLOT_FIELD_ITEMS 1
#define ALLOT_FIELD_ARRAY 2

#define ALLOT_FIELD(structure, member) { #member, offsetof(structure, member), ALLOT_FIELD_ONE, 0 }
#define ALLOT_ITEMS(structure, member) { #member, offsetof(structure, member), ALLOT_FIELD_ITEMS, 0 }
#define ALLOT_ARRAY(structure, member, count_member)                                                                   \
	{ #member, offsetof(structure, member), ALLOT_FIELD_ARRAY, offsetof(structure, count_member) }
#define ALLOT_FIELDS_END { NULL, 0, 0, 0 }

#define ALLOT_TYPE_WEAKREFS 1u /* objects can have weak references; 16 bytes more for each */
#define ALLOT_TYPE_UNTRACKED 2u /* the collector does not see new objects before allot_gc_track() */

/* What objects of a kind have in common. Must outlive them; usually a static const. All but name and size may be 0. */
struct allot_type {
	const char *name;
	size_t size; /* of the struct, which starts with struct allot_object, or allot_var_object if item_size is not 0 */
	size_t item_size;
	unsigned flags;

	/*
	 * Calls visit for each reference the object owns, with ALLOT_VISIT; nothing else: it must not make, drop or change
	 * anything. Fields can still be NULL. A type without it costs no collector header (16 bytes), and cycles through
	 * its objects are never found.
	 */
	int (*traverse)(void *object, allot_visit *visit, void *data);

	/* Gives up the references the object owns, with ALLOT_CLEAR. May be called twice. */
	void (*clear)(void *object);

	/*
	 * The object is about to die, and is still whole, as are all that it refers to. May make new references to it, which
	 * resurrects it. Called once in the life of a container; other objects forget, so it is called at each death.
	 */
	void (*finalize)(void *object);

	/*
	 * The finalizer of old: called at death by count after weak references are gone, each time. It may resurrect. Cycles
	 * through objects of such a type are never collected; those objects end up in the heap's garbage (gc.h).
	 */
	void (*legacy_finalize)(void *object);

	/* The object dies, after clear: gives back all else that it holds, files or memory. The object itself is freed after. */
	void (*dealloc)(void *object);

	/* The object's size if that is more than the block it lies in: with buffers that it alone holds. */
	size_t (*size_of)(const void *object);

	const struct allot_field *fields;
};

/*
 * The functions traverse and clear of a type that lists all its references in `fields`; the collector is faster with these.
 * The memory of an array is the type's: its dealloc frees it.
 */
int allot_traverse_fields(void *object, allot_visit *visit, void *data);
void allot_clear_fields(void *object);

/* In a traverse function with the arguments visit and data. */
#define ALLOT_VISIT(field)                                                                                             \
	do {                                                                                                           \
		if (field) {                                                                                           \
			int allot_visited = visit((void *)(field), data);                                              \
			if (allot_visited)                                                                             \
				return allot_visited;                                                                  \
		}                                                                                                      \
	} while (0)

/* Gives up a reference and forgets it first, so that what runs at the object's death finds NULL there. */
#define ALLOT_CLEAR(field)                                                                                             \
	do {                                                                                                           \
		void *allot_cleared = (void *)(field);                                                                 \
		(field) = NULL;                                                                                        \
		allot_unref(allot_cleared);                                                                            \
	} while (0)

/* Puts a reference that the caller owns into a field, and gives up the one that was there, in this order. */
#define ALLOT_SET(field, value)                                                                                        \
	do {                                                                                                           \
		void *allot_replaced = (void *)(field);                                                                \
		(field) = (value);                                                                                     \
		allot_unref(allot_replaced);                                                                           \
	} while (0)

/* ---- Heaps ---- */

#define ALLOT_HEAP_SHARED 1u /* used by many threads */
#define ALLOT_HEAP_NO_POOLS 2u /* malloc for each object, so that valgrind and sanitizers see them */
#define ALLOT_HEAP_DEBUG 4u /* dead objects keep their memory, poisoned, so that each later use is told; threads are checked */

/*
 * Makes a heap. Two environment variables add flags: ALLOT_OBJECT_POOLS=0 and ALLOT_OBJECT_DEBUG=1. At most 65,535 heaps
 * can exist at a time. Objects of one heap may refer to those of another, but a cycle through two heaps is never found.
 * -ENOMEM, -EINVAL for unknown flags, -ENFILE for too many heaps.
 */
int allot_heap_create(unsigned flags, struct allot_heap **heap);

/*
 * Calls the finalizers that wait for the end (weakref.h), collects all, and gives the heap's memory back. -EBUSY if
 * objects are still alive: the heap is then as good as before, and a graph can say why. Nobody else may use it.
 */
int allot_heap_destroy(struct allot_heap *heap);

/*
 * The heap that NULL stands for. Never destroyed; at exit the finalizers that want to be called then are. Without memory
 * for it the process is aborted.
 */
struct allot_heap *allot_heap_default(void);

/* How many objects are alive, and the bytes of the blocks they lie in. Counts them, pool by pool. Either may be NULL. */
void allot_heap_usage(struct allot_heap *heap, size_t *objects, size_t *bytes);

/*
 * Shared heaps. Between enter and leave, which nest, a thread may change fields of objects. A collection waits until all
 * such threads are at a safe point: in allot_heap_safepoint(), in allot_new(), in allot_gc_collect(). So a thread must
 * come to one now and then, with all fields in order, and must leave before it blocks. Outside, a thread may take and
 * give up references that it owns, and may call functions of the library, but change no field. In a heap that is not
 * shared these do nothing. -EMFILE if this thread is in eight shared heaps already.
 */
int allot_heap_enter(struct allot_heap *heap);
void allot_heap_leave(struct allot_heap *heap);
void allot_heap_safepoint(struct allot_heap *heap);

/* ---- Objects ---- */

/*
 * A new reference to a new object of all zeroes behind its head. May collect first, as Python does, and so run
 * finalizers: all fields must be in order. Without memory NULL, errno is ENOMEM. NULL is the default heap.
 */
void *allot_new(struct allot_heap *heap, const struct allot_type *type);

/* The same for a type with item_size, with count items behind the struct. */
void *allot_new_items(struct allot_heap *heap, const struct allot_type *type, size_t count);

/* What the inline functions below do not do themselves. Not to be called. */
void allot_ref_slowly(struct allot_object *object);
void allot_unref_slowly(struct allot_object *object, int32_t refs);

#define ALLOT_STATE_SHARED 1u

/* Takes one more reference; returns it. NULL is fine. */
static inline void *allot_ref(void *reference)
{
	struct allot_object *object = (struct allot_object *)reference;
	int32_t refs;

	if (!object)
		return NULL;
	refs = __atomic_load_n(&object->refs, __ATOMIC_RELAXED);
	if (__builtin_expect(refs <= 0 || refs == INT32_MAX, 0))
		allot_ref_slowly(object);
	else if (__atomic_load_n(&object->state, __ATOMIC_RELAXED) & ALLOT_STATE_SHARED)
		__atomic_fetch_add(&object->refs, 1, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&object->refs, refs + 1, __ATOMIC_RELAXED);
	return reference;
}

/* Gives up a reference. With the last the object dies at once, and what it alone refers to. NULL is fine. */
static inline void allot_unref(void *reference)
{
	struct allot_object *object = (struct allot_object *)reference;
	int32_t refs;

	if (!object)
		return;
	refs = __atomic_load_n(&object->refs, __ATOMIC_RELAXED);
	if (__builtin_expect(refs <= 0, 0)) {
		allot_unref_slowly(object, refs);
		return;
	}
	if (__atomic_load_n(&object->state, __ATOMIC_RELAXED) & ALLOT_STATE_SHARED) {
		/* Release: what this thread did to the object is seen by the thread that finds 1 here and lets it die. */
		refs = __atomic_fetch_sub(&object->refs, 1, __ATOMIC_ACQ_REL);
	} else if (__builtin_expect(refs > 1, 1)) {
		__atomic_store_n(&object->refs, refs - 1, __ATOMIC_RELAXED);
	}
	if (__builtin_expect(refs <= 1, 0))
		allot_unref_slowly(object, refs);
}

/* How many references there are; INT32_MAX for immortal objects. In a shared heap it may be another already. */
int32_t allot_refcount(const void *object);

const struct allot_type *allot_type_of(const void *object);
struct allot_heap *allot_heap_of(const void *object);

/* From now on it is not counted, never dies and is not seen by the collector. Its fields should be immortal, too. */
void allot_make_immortal(void *object);

/* The bytes that the object takes: what its type says, else the block's requested size; and the library's headers. Shallow. */
size_t allot_object_size(const void *object);

/* Some objects, each with a reference of its own. */
struct allot_list {
	size_t count;
	void **objects;
};

/* Gives up the references and the memory; the list is empty then. */
void allot_list_release(struct allot_list *list);

/* ---- Words on standard error ---- */

/* Takes what the library would write on standard error: one line at a time, with its newline. It may use no heap. */
typedef void allot_log(const char *line, void *data);

/* Sends the debugging lines of a heap elsewhere; NULL: to standard error. Fatal messages always go there. */
void allot_heap_set_log(struct allot_heap *heap, allot_log *log, void *data);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
