/* SPDX-License-Identifier: MIT */
/* Which fields of a snapshot's parts are in its JSON: tables that the writer and the reader share. */
#ifndef ALLOT_LIBRARY_JSON_FIELDS_H
#define ALLOT_LIBRARY_JSON_FIELDS_H

#include <jansson.h>
#include <stddef.h>

#include "snapshot/snapshot.h"

#define ALLOT_JSON_VERSION 1

enum allot_json_type {
	ALLOT_JSON_U64,
	ALLOT_JSON_U32,
	ALLOT_JSON_I32,
	ALLOT_JSON_BOOL,
	ALLOT_JSON_STRING,   /* char *; null: NULL */
	ALLOT_JSON_HEX,      /* uint64_t as "0x7f00", which has all 64 bits */
	ALLOT_JSON_COUNT,    /* struct allot_count as {"bytes": N, "blocks": N} */
	ALLOT_JSON_VARIANCE, /* struct allot_variance, the same with reals */
};

struct allot_json_field {
	const char *key; /* NULL ends a table */
	size_t offset;
	enum allot_json_type type;
};

extern const struct allot_json_field allotp_json_process[], allotp_json_trust[], allotp_json_totals[],
	allotp_json_unfiltered[]; /* of struct allot_snapshot */
extern const struct allot_json_field allotp_json_module[], allotp_json_region[], allotp_json_site[],
	allotp_json_variances[], allotp_json_mark[], allotp_json_sample[], allotp_json_frame[];
extern const struct allot_json_field allotp_json_objects[]; /* of struct allot_object_table */
extern const struct allot_json_field allotp_json_object[], allotp_json_reference[];

/* enum allot_exit, enum allot_lost and the nodes that are no frames, as words */
extern const char *const allotp_json_exits[ALLOT_EXIT_UNKNOWN + 1], *const allotp_json_lost[ALLOT_LOST_REASONS],
									    *const allotp_json_ends[ALLOT_NODE_FIRST];

/* Sets the keys of a table in an object. Returns 0 or -ENOMEM. */
int allotp_json_put(json_t *object, const struct allot_json_field *fields, const void *of);

/* Where in a file a value is, and what was wrong with the first one. */
struct allot_json_reader {
	const char *name; /* of the file */
	char place[64];   /* in it: "sites[3]" */
	struct allot_error *error;
	int rc; /* 0: nothing was wrong yet */
};

/* Notes that the key's value at this place is wrong: "x.json: sites[3].live: not …". Returns -EBADMSG. */
int allotp_json_wrong(struct allot_json_reader *reader, const char *key, const char *what);
/* Notes that there was no memory. Returns -ENOMEM. */
int allotp_json_no_memory(struct allot_json_reader *reader);

/*
 * Reads the keys of a table from an object; what is missing stays as it was, keys that are not in the table are passed over.
 * Strings are malloc'ed, and take the place of others, which are freed. Returns 0 or what reader->rc then is.
 */
int allotp_json_get(struct allot_json_reader *reader, const json_t *object, const struct allot_json_field *fields,
		    void *to);

#endif
