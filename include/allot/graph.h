/* SPDX-License-Identifier: MIT */
/*
 * Who refers to whom: counts by type, what grows, what nobody refers to, the shortest chains of references, garbage that
 * waits to be collected, and pictures for graphviz. In the manner of Python's package objgraph.
 *
 * Everything here sees what the collector sees: tracked containers that are not frozen; and what they refer to, where
 * references are followed. While it looks at a shared heap the world is stopped, and functions that are handed in
 * (allot_graph_test) may look at the object, but must call nothing that takes or gives up references, makes or collects.
 * See object.h for words, threads and errors.
 */
#ifndef ALLOT_GRAPH_H
#define ALLOT_GRAPH_H

#include <stdbool.h>
#include <stdio.h>

#include <allot/object.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Whether an object is meant. */
typedef bool allot_graph_test(const void *object, void *data);

/* ---- How many ---- */

struct allot_graph_type {
	const struct allot_type *type;
	size_t count;
	size_t bytes; /* allot_object_size() of each */
};

struct allot_graph_types {
	size_t count;
	struct allot_graph_type *types;
};

/* The containers by type, the most common first, then by name. (objgraph.most_common_types) -ENOMEM. */
int allot_graph_most_common_types(struct allot_heap *heap, struct allot_graph_types *types);
void allot_graph_types_release(struct allot_graph_types *types);

/* How many containers have a type of this name. (objgraph.count) */
size_t allot_graph_count(struct allot_heap *heap, const char *type_name);

/* The containers of a type of this name. (objgraph.by_type) -ENOMEM. */
int allot_graph_by_type(struct allot_heap *heap, const char *type_name, struct allot_list *list);

/* ---- What grows ---- */

/* What was there before: the most of each type, and which objects. One for each heap. */
struct allot_graph_past;

struct allot_graph_past *allot_graph_past_create(struct allot_heap *heap); /* NULL without memory */
void allot_graph_past_destroy(struct allot_graph_past *past);

struct allot_graph_grown {
	const struct allot_type *type;
	size_t count;
	size_t delta; /* more than ever before */
};

struct allot_graph_growths {
	size_t count;
	struct allot_graph_grown *types;
};

/*
 * Collects, then gives the types of which there are more than at any earlier call with this past, those that grew most
 * first. (objgraph.growth) -ENOMEM.
 */
int allot_graph_growth(struct allot_graph_past *past, struct allot_graph_growths *growths);
void allot_graph_growths_release(struct allot_graph_growths *growths);

/* As objgraph.show_growth prints it: name, count, delta, in columns. Writes nothing if nothing grew. As fprintf. */
int allot_graph_growth_write(const struct allot_graph_growths *growths, FILE *file);

/*
 * Collects, then gives the containers that were not there at the last call with this past. One that lies where another
 * lay then is not told from that. (objgraph.get_new_ids) -ENOMEM.
 */
int allot_graph_new_objects(struct allot_graph_past *past, struct allot_list *list);

/* ---- What nobody refers to, what cannot be reached ---- */

/*
 * The containers that no container refers to: what is held from outside, and objects whose references were forgotten to be
 * given up. (objgraph.get_leaking_objects) -ENOMEM.
 */
int allot_graph_leaking_objects(struct allot_heap *heap, struct allot_list *list);

/* What allot_gc_collect() would find unreachable just now; nothing is collected, and no finalizer runs. -ENOMEM. */
int allot_graph_garbage(struct allot_heap *heap, struct allot_list *list);

/*
 * Writes a report of the cycles in that garbage: each with its objects, what they refer to within it by field, and,
 * with the tracer, where they were made; and which fields, made weak, would leave no cycle. Cycles of the same types and
 * fields are told once, with their number. Returns how many cycles there are, -ENOMEM, -EIO.
 */
long allot_graph_write_cycles(struct allot_heap *heap, FILE *file);

/* ---- Chains ---- */

#define ALLOT_GRAPH_CHAIN_DEPTH 20

/*
 * The shortest chain of references from an object to one that is meant, both included; with only the object itself if there
 * is none of at most max_depth references (0: ALLOT_GRAPH_CHAIN_DEPTH). (objgraph.find_ref_chain) -ENOMEM.
 */
int allot_graph_find_ref_chain(void *object, allot_graph_test *test, void *data, unsigned max_depth,
			       struct allot_list *chain);

/* The same against the references: from one that is meant to the object. (objgraph.find_backref_chain) -ENOMEM. */
int allot_graph_find_backref_chain(void *object, allot_graph_test *test, void *data, unsigned max_depth,
				   struct allot_list *chain);

/* A test for a chain's end: whether there are more references to a container than containers have; something outside holds it. */
bool allot_graph_is_held_outside(const void *object, void *data);

/* ---- Pictures ---- */

struct allot_graph_options {
	unsigned max_depth; /* 0: 3 */
	unsigned too_many; /* neighbours of one object that are shown; the others are a node 'N more'. 0: 10 */
	allot_graph_test *filter; /* only these are shown; NULL: all */
	allot_graph_test *highlight; /* these in red; NULL: none */
	void *data; /* for both */
	bool refcounts; /* with the number of references to each */
	bool sites; /* with what made each, if the tracer knows */
};

/* Writes DOT: what the objects refer to. options may be NULL. (objgraph.show_refs) -ENOMEM, -EIO. */
int allot_graph_write_refs(void *const *objects, size_t count, const struct allot_graph_options *options, FILE *file);

/* What refers to the objects. (objgraph.show_backrefs) */
int allot_graph_write_backrefs(void *const *objects, size_t count, const struct allot_graph_options *options, FILE *file);

/* A chain as those above give it. (objgraph.show_chain) */
int allot_graph_write_chain(const struct allot_list *chain, const struct allot_graph_options *options, FILE *file);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
