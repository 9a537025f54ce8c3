/* SPDX-License-Identifier: MIT */
/*
 * The tables that writer and reader share: which fields of a struct are in the file, in which order and how
 * they are coded. FORMAT.md describes the file as a whole.
 *
 * To add a field to a table append it at the end: an older reader ignores what follows the columns it knows. A
 * newer reader that must read older files needs the field in a section of its own.
 */
#ifndef ALLOT_SNAPSHOT_TABLE_H
#define ALLOT_SNAPSHOT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define ALLOT_SNAPSHOT_VERSION 1u

/* A section's name as the four bytes that begin it. */
#define ALLOT_TAG(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

enum {
	ALLOT_TAG_PROCESS = ALLOT_TAG('P', 'R', 'O', 'C'),
	ALLOT_TAG_TRUST = ALLOT_TAG('T', 'R', 'S', 'T'),
	ALLOT_TAG_LOST = ALLOT_TAG('L', 'O', 'S', 'T'),
	ALLOT_TAG_MODULES = ALLOT_TAG('M', 'O', 'D', 'S'),
	ALLOT_TAG_NODES = ALLOT_TAG('N', 'O', 'D', 'E'),
	ALLOT_TAG_DOMAINS = ALLOT_TAG('D', 'O', 'M', 'S'),
	ALLOT_TAG_SITES = ALLOT_TAG('S', 'I', 'T', 'E'),
	ALLOT_TAG_MARKS = ALLOT_TAG('M', 'A', 'R', 'K'),
	ALLOT_TAG_SERIES = ALLOT_TAG('S', 'E', 'R', 'I'),
	ALLOT_TAG_BLOCKS = ALLOT_TAG('B', 'L', 'O', 'K'),
	ALLOT_TAG_DIFFERENCES = ALLOT_TAG('D', 'I', 'F', 'F'),
	ALLOT_TAG_SYMBOLS = ALLOT_TAG('S', 'Y', 'M', 'S'),
	ALLOT_TAG_SAMPLING = ALLOT_TAG('S', 'A', 'M', 'P'),
	ALLOT_TAG_LEAKS = ALLOT_TAG('L', 'E', 'A', 'K'),
	ALLOT_TAG_LEAK_GROUPS = ALLOT_TAG('L', 'E', 'K', 'G'),
	ALLOT_TAG_LOST_BLOCKS = ALLOT_TAG('L', 'E', 'K', 'B'),
	ALLOT_TAG_EDGES = ALLOT_TAG('L', 'E', 'K', 'E'),
	ALLOT_TAG_LINKS = ALLOT_TAG('L', 'E', 'K', 'C'),
	ALLOT_TAG_HISTORY = ALLOT_TAG('H', 'I', 'S', 'T'),
	ALLOT_TAG_POINTS = ALLOT_TAG('H', 'I', 'S', 'P'),
	ALLOT_TAG_STEPS = ALLOT_TAG('H', 'I', 'S', 'S'),
	ALLOT_TAG_REGIONS = ALLOT_TAG('R', 'E', 'G', 'N'),
	ALLOT_TAG_DROPPED = ALLOT_TAG('D', 'R', 'O', 'P'),
	ALLOT_TAG_VARIANCES = ALLOT_TAG('V', 'A', 'R', 'I'),
	ALLOT_TAG_OBJECTS = ALLOT_TAG('O', 'B', 'J', 'S'),
	ALLOT_TAG_OBJECT_NAMES = ALLOT_TAG('O', 'B', 'J', 'N'),
	ALLOT_TAG_OBJECT_TABLE = ALLOT_TAG('O', 'B', 'J', 'T'),
	ALLOT_TAG_REFERENCES = ALLOT_TAG('O', 'B', 'J', 'R'),
	ALLOT_TAG_SUPPRESSIONS = ALLOT_TAG('L', 'E', 'K', 'S'),
	ALLOT_TAG_FILTERED = ALLOT_TAG('F', 'I', 'L', 'T'),
};

enum allot_coding {
	ALLOT_CODING_PLAIN,  /* varint; bool, uint32_t or uint64_t */
	ALLOT_CODING_SIGNED, /* zigzag varint; int32_t */
	ALLOT_CODING_DELTA,  /* zigzag varint of the difference to the item before; uint32_t or uint64_t */
	ALLOT_CODING_STRING, /* varint of length + 1, bytes; 0 alone is NULL */
	ALLOT_CODING_BYTES,  /* as they are */
	ALLOT_CODING_REAL,   /* IEEE 754, 8 bytes, little-endian; double */
};

struct allot_column {
	uint16_t offset, width; /* of the field in its struct */
	enum allot_coding coding;
};

struct allot_table {
	uint32_t tag;
	size_t stride; /* size of the struct */
	const struct allot_column *columns;
	size_t column_count;
};

extern const struct allot_table allotp_table_process, allotp_table_trust, allotp_table_sampling, allotp_table_dropped,
	allotp_table_filtered; /* of struct allot_snapshot */
extern const struct allot_table allotp_table_modules, allotp_table_domains, allotp_table_sites, allotp_table_marks,
	allotp_table_regions, allotp_table_differences, allotp_table_series, allotp_table_blocks, allotp_table_symbols;
extern const struct allot_table allotp_table_leaks, allotp_table_history; /* of struct allot_snapshot */
extern const struct allot_table allotp_table_suppressions; /* of struct allot_snapshot */
extern const struct allot_table allotp_table_objects; /* of struct allot_snapshot */
extern const struct allot_table allotp_table_object_names, allotp_table_object_table, allotp_table_references;
extern const struct allot_table allotp_table_points, allotp_table_steps;
extern const struct allot_table allotp_table_leak_groups, allotp_table_lost_blocks, allotp_table_edges, allotp_table_links;
extern const struct allot_table allotp_table_nodes;     /* without address and parent, which are coded by hand */
extern const struct allot_table allotp_table_variances; /* of struct allot_site */
extern const struct allot_table
	allotp_table_site_regions;                   /* of struct allot_site; follow the regions in their section */
extern const struct allot_table allotp_table_frames; /* follow the symbols in their section */

#endif
