/* SPDX-License-Identifier: MIT */
/* Which fields are in the file, in which order and how they are coded. */
#include "snapshot/table.h"

#include "snapshot/snapshot.h"

#define FIELD(type, field, how)                                                                                        \
	{                                                                                                              \
		offsetof(type, field), sizeof(((type *)NULL)->field), ALLOT_CODING_##how                               \
	}
#define COUNT(type, field) FIELD(type, field.bytes, PLAIN), FIELD(type, field.blocks, PLAIN)
#define TABLE(name, label, type)                                                                                       \
	const struct allot_table allotp_table_##name = { ALLOT_TAG_##label, sizeof(type), name##_columns,              \
							 sizeof(name##_columns) / sizeof(name##_columns[0]) }

#define PROCESS(field, how) FIELD(struct allot_snapshot, field, how)
static const struct allot_column process_columns[] = {
	PROCESS(pid, PLAIN),
	PROCESS(start_time_ns, PLAIN),
	PROCESS(time_ns, PLAIN),
	PROCESS(depth_limit, PLAIN),
	PROCESS(program, STRING),
	PROCESS(command, STRING),
	PROCESS(note, STRING),
	COUNT(struct allot_snapshot, live),
	COUNT(struct allot_snapshot, peak),
	COUNT(struct allot_snapshot, ever),
	COUNT(struct allot_snapshot, temporary),
	PROCESS(frees, PLAIN),
	PROCESS(peak_time_ns, PLAIN),
	PROCESS(overhead_bytes, PLAIN),
};
TABLE(process, PROCESS, struct allot_snapshot);

static const struct allot_column trust_columns[] = {
	PROCESS(trust.events, PLAIN),
	PROCESS(trust.walks, PLAIN),
	PROCESS(trust.truncated, PLAIN),
	PROCESS(trust.limited, PLAIN),
	PROCESS(trust.bootstrap, PLAIN),
	PROCESS(trust.unknown_frees, PLAIN),
	PROCESS(trust.inherited_frees, PLAIN),
	PROCESS(trust.mismatched, PLAIN),
	PROCESS(trust.double_allocations, PLAIN),
	PROCESS(trust.verified, PLAIN),
	PROCESS(trust.differing, PLAIN),
	PROCESS(trust.children, PLAIN),
	PROCESS(trust.untraced_children, PLAIN),
	PROCESS(trust.stopped, PLAIN),
	PROCESS(trust.exit, PLAIN),
	PROCESS(trust.exit_value, SIGNED),
};
TABLE(trust, TRUST, struct allot_snapshot);

static const struct allot_column sampling_columns[] = { PROCESS(sampling_bytes, PLAIN) };
TABLE(sampling, SAMPLING, struct allot_snapshot);

static const struct allot_column dropped_columns[] = { PROCESS(dropped_marks, PLAIN), PROCESS(dropped_regions, PLAIN) };
TABLE(dropped, DROPPED, struct allot_snapshot);

static const struct allot_column suppressions_columns[] = { PROCESS(suppressions, STRING) };
TABLE(suppressions, SUPPRESSIONS, struct allot_snapshot);

static const struct allot_column filtered_columns[] = {
	PROCESS(filters, STRING),
	COUNT(struct allot_snapshot, unfiltered.live),
	COUNT(struct allot_snapshot, unfiltered.peak),
	COUNT(struct allot_snapshot, unfiltered.ever),
	COUNT(struct allot_snapshot, unfiltered.temporary),
	PROCESS(unfiltered.frees, PLAIN),
};
TABLE(filtered, FILTERED, struct allot_snapshot);

static const struct allot_column modules_columns[] = {
	FIELD(struct allot_module, path, STRING),         FIELD(struct allot_module, start, DELTA),
	FIELD(struct allot_module, end, DELTA),           FIELD(struct allot_module, bias, DELTA),
	FIELD(struct allot_module, build_id_size, PLAIN), FIELD(struct allot_module, build_id, BYTES),
	FIELD(struct allot_module, generation, PLAIN),    FIELD(struct allot_module, truncated, PLAIN),
	FIELD(struct allot_module, unloaded, PLAIN),
};
TABLE(modules, MODULES, struct allot_module);

static const struct allot_column nodes_columns[] = {
	FIELD(struct allot_node, module, PLAIN),
	FIELD(struct allot_node, flags, PLAIN),
};
TABLE(nodes, NODES, struct allot_node);

static const struct allot_column domains_columns[] = { { 0, sizeof(char *), ALLOT_CODING_STRING } };
TABLE(domains, DOMAINS, char *);

static const struct allot_column sites_columns[] = {
	FIELD(struct allot_site, stack, DELTA),
	FIELD(struct allot_site, domain, PLAIN),
	COUNT(struct allot_site, live),
	COUNT(struct allot_site, peak),
	COUNT(struct allot_site, ever),
	COUNT(struct allot_site, temporary),
	FIELD(struct allot_site, mismatched, PLAIN),
};
TABLE(sites, SITES, struct allot_site);

static const struct allot_column site_regions_columns[] = { FIELD(struct allot_site, region, PLAIN) };
TABLE(site_regions, REGIONS, struct allot_site);

static const struct allot_column regions_columns[] = {
	FIELD(struct allot_program_region, parent, PLAIN), FIELD(struct allot_program_region, name, STRING),
	COUNT(struct allot_program_region, live),          COUNT(struct allot_program_region, peak),
	COUNT(struct allot_program_region, ever),          COUNT(struct allot_program_region, temporary),
};
TABLE(regions, REGIONS, struct allot_program_region);

static const struct allot_column differences_columns[] = {
	FIELD(struct allot_difference, walked, PLAIN),
	FIELD(struct allot_difference, reference, PLAIN),
};
TABLE(differences, DIFFERENCES, struct allot_difference);

#define VARIANCE(count)                                                                                                \
	FIELD(struct allot_site, variance.count.bytes, REAL), FIELD(struct allot_site, variance.count.blocks, REAL)
static const struct allot_column variances_columns[] = {
	VARIANCE(live),
	VARIANCE(peak),
	VARIANCE(ever),
	VARIANCE(temporary),
};
TABLE(variances, VARIANCES, struct allot_site);

static const struct allot_column marks_columns[] = {
	FIELD(struct allot_mark, time_ns, DELTA),
	FIELD(struct allot_mark, live_bytes, DELTA),
	FIELD(struct allot_mark, name, STRING),
};
TABLE(marks, MARKS, struct allot_mark);

static const struct allot_column series_columns[] = {
	FIELD(struct allot_sample, time_ns, DELTA),     FIELD(struct allot_sample, live_bytes, DELTA),
	FIELD(struct allot_sample, live_blocks, DELTA), FIELD(struct allot_sample, ever_bytes, DELTA),
	FIELD(struct allot_sample, ever_blocks, DELTA),
};
TABLE(series, SERIES, struct allot_sample);

static const struct allot_column blocks_columns[] = {
	FIELD(struct allot_block, address, DELTA),
	FIELD(struct allot_block, size, PLAIN),
	FIELD(struct allot_block, site, PLAIN),
};
TABLE(blocks, BLOCKS, struct allot_block);

#define LEAK_COUNTS(array)                                                                                             \
	COUNT(struct allot_snapshot, leaks.array[0]), COUNT(struct allot_snapshot, leaks.array[1]),                    \
		COUNT(struct allot_snapshot, leaks.array[2]), COUNT(struct allot_snapshot, leaks.array[3])
static const struct allot_column leaks_columns[] = {
	PROCESS(leaks.looked, PLAIN),      PROCESS(leaks.method, PLAIN),
	PROCESS(leaks.error, SIGNED),      PROCESS(leaks.failed_step, PLAIN),
	PROCESS(leaks.looks, PLAIN),       PROCESS(leaks.heuristics, PLAIN),
	PROCESS(leaks.threads, PLAIN),     PROCESS(leaks.at_exit, PLAIN),
	PROCESS(leaks.stop_ns, PLAIN),     PROCESS(leaks.scan_ns, PLAIN),
	PROCESS(leaks.root_bytes, PLAIN),  PROCESS(leaks.words, PLAIN),
	PROCESS(leaks.unreadable_bytes, PLAIN), PROCESS(leaks.blocks, PLAIN),
	PROCESS(leaks.left_out, PLAIN),    LEAK_COUNTS(counts),
	LEAK_COUNTS(fresh),
};
TABLE(leaks, LEAKS, struct allot_snapshot);

static const struct allot_column leak_groups_columns[] = {
	FIELD(struct allot_leak_group, site, DELTA),
	FIELD(struct allot_leak_group, leak_class, PLAIN),
	COUNT(struct allot_leak_group, count),
};
TABLE(leak_groups, LEAK_GROUPS, struct allot_leak_group);

static const struct allot_column lost_blocks_columns[] = {
	FIELD(struct allot_leaked, address, DELTA),    FIELD(struct allot_leaked, size, PLAIN),
	FIELD(struct allot_leaked, site, PLAIN),       FIELD(struct allot_leaked, leak_class, PLAIN),
	FIELD(struct allot_leaked, leader, DELTA),     FIELD(struct allot_leaked, known, PLAIN),
};
TABLE(lost_blocks, LOST_BLOCKS, struct allot_leaked);

static const struct allot_column edges_columns[] = {
	FIELD(struct allot_edge, from, DELTA),
	FIELD(struct allot_edge, to, DELTA),
	FIELD(struct allot_edge, offset, PLAIN),
	FIELD(struct allot_edge, inside, PLAIN),
};
TABLE(edges, EDGES, struct allot_edge);

static const struct allot_column objects_columns[] = {
	PROCESS(objects.announced, PLAIN),
	PROCESS(objects.taken, PLAIN),
	PROCESS(objects.partial, PLAIN),
	PROCESS(objects.error, SIGNED),
};
TABLE(objects, OBJECTS, struct allot_snapshot);

static const struct allot_column object_names_columns[] = { { 0, sizeof(char *), ALLOT_CODING_STRING } };
TABLE(object_names, OBJECT_NAMES, char *);

static const struct allot_column object_table_columns[] = {
	FIELD(struct allot_table_object, address, DELTA), FIELD(struct allot_table_object, size, PLAIN),
	FIELD(struct allot_table_object, type, PLAIN),    FIELD(struct allot_table_object, refs, PLAIN),
	FIELD(struct allot_table_object, site, PLAIN),    FIELD(struct allot_table_object, heap, PLAIN),
	FIELD(struct allot_table_object, flags, PLAIN),
};
TABLE(object_table, OBJECT_TABLE, struct allot_table_object);

static const struct allot_column references_columns[] = {
	FIELD(struct allot_table_reference, from, DELTA),
	FIELD(struct allot_table_reference, to, DELTA),
	FIELD(struct allot_table_reference, field, PLAIN),
	FIELD(struct allot_table_reference, item, PLAIN),
};
TABLE(references, REFERENCES, struct allot_table_reference);
static const struct allot_column history_columns[] = {
	PROCESS(history.mark, STRING),
	PROCESS(history.repetitions, PLAIN),
	PROCESS(history.left_out, PLAIN),
};
TABLE(history, HISTORY, struct allot_snapshot);

static const struct allot_column points_columns[] = {
	FIELD(struct allot_history_point, number, DELTA),
	FIELD(struct allot_history_point, time_ns, DELTA),
};
TABLE(points, POINTS, struct allot_history_point);

static const struct allot_column steps_columns[] = {
	FIELD(struct allot_history_step, site, DELTA),
	FIELD(struct allot_history_step, point, PLAIN),
	COUNT(struct allot_history_step, live),
};
TABLE(steps, STEPS, struct allot_history_step);

static const struct allot_column links_columns[] = {
	FIELD(struct allot_link, kind, PLAIN),   FIELD(struct allot_link, address, DELTA),
	FIELD(struct allot_link, size, PLAIN),   FIELD(struct allot_link, offset, PLAIN),
	FIELD(struct allot_link, inside, PLAIN), FIELD(struct allot_link, stack, PLAIN),
	FIELD(struct allot_link, thread, PLAIN), FIELD(struct allot_link, module, PLAIN),
	FIELD(struct allot_link, leak_class, PLAIN),
};
TABLE(links, LINKS, struct allot_link);

static const struct allot_column symbols_columns[] = {
	FIELD(struct allot_symbol, module, DELTA),
	FIELD(struct allot_symbol, address, DELTA),
	FIELD(struct allot_symbol, signal, PLAIN),
	FIELD(struct allot_symbol, frame_count, PLAIN),
};
TABLE(symbols, SYMBOLS, struct allot_symbol);

static const struct allot_column frames_columns[] = {
	FIELD(struct allot_frame, function, STRING),
	FIELD(struct allot_frame, file, STRING),
	FIELD(struct allot_frame, line, PLAIN),
};
TABLE(frames, SYMBOLS, struct allot_frame);
