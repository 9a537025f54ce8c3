/* SPDX-License-Identifier: MIT */
/* Unreachable cycles, told: what `allot cycles` prints. */
#ifndef ALLOT_OBJECTS_WRITER_H
#define ALLOT_OBJECTS_WRITER_H

#include <stdio.h>

#include "objects/cycles.h"
#include "report/backtrace.h"

enum allot_cycles_format {
	ALLOT_CYCLES_TEXT,
	ALLOT_CYCLES_JSON,
	ALLOT_CYCLES_DOT,
};

struct allot_cycles_report {
	const struct allot_view *view;
	struct allot_object_graph graph;
	struct allot_object_cycles cycles;
	uint32_t shown; /* how many of the list are to be told */
};

/*
 * Tells the cycles of a snapshot that has a table of objects; top: how many shapes, 0: ten in text and DOT, all in JSON. *found
 * gets the number of cycles. Returns 0 or -ENOMEM; errors of the stream are its owner's.
 */
int allotp_cycles_tell(FILE *out, const struct allot_view *view, enum allot_cycles_format format, uint32_t top,
		       uint64_t *found);

/* ---- between the files ---- */

int allotp_cycles_write_text(FILE *out, const struct allot_cycles_report *report);
int allotp_cycles_write_json(FILE *out, const struct allot_cycles_report *report);
int allotp_cycles_write_dot(FILE *out, const struct allot_cycles_report *report);

/* The name of a type or field; of a member "value #2". */
const char *allotp_cycles_name(const struct allot_cycles_report *report, uint32_t name);
void allotp_cycles_member_name(const struct allot_cycles_report *report, const struct allot_cycle_member *member,
			       char *buffer, size_t size);

/* "items[2]"; "" if the field is not known. */
void allotp_cycles_edge_name(const struct allot_cycles_report *report, const struct allot_cycle_edge *edge,
			     char *buffer, size_t size);

/* The innermost node of the program's own in the stack that made an object; below ALLOT_NODE_FIRST: none. 0 or -ENOMEM. */
int allotp_cycles_origin(const struct allot_cycles_report *report, const struct allot_cycle_member *member,
			 uint32_t *node);

/*
 * The fields to make weak, as pairs of type and field, each once. Calls function with each. Returns 0, -ENOMEM, or what the
 * function did, if that is negative.
 */
int allotp_cycles_each_weak(const struct allot_cycles_report *report, const struct allot_object_cycle *cycle,
			    int (*function)(void *context, const char *type, const char *field), void *context);

#endif
