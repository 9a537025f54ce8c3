/* SPDX-License-Identifier: MIT */
/* The stacks of a snapshot's JSON, and what their frames are called. */
#ifndef ALLOT_LIBRARY_JSON_READ_STACKS_H
#define ALLOT_LIBRARY_JSON_READ_STACKS_H

#include "library/json-fields.h"

/* The key's value as an index below `count`, plus one; 0 if the key is missing. Wrong ones are noted, and give 0. */
uint32_t allotp_json_index(struct allot_json_reader *reader, const json_t *item, const char *key, uint32_t count);

/* The key's value as a node below `end`: a number, or one of allotp_json_ends; if it is missing, `missing`. */
uint32_t allotp_json_node(struct allot_json_reader *reader, const json_t *item, const char *key, uint32_t missing,
			  uint32_t end);

/* Reads one node: its caller, module, address. */
void allotp_json_read_node(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			   uint32_t number);

/* When all nodes are there: reads what they are called into the snapshot's symbols. nodes: the array, or NULL. */
void allotp_json_read_symbols(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *nodes);

#endif
