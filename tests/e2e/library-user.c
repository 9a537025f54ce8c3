/* SPDX-License-Identifier: MIT */
/*
 * A user of the installed snapshot library, in C and in C++: prints the groups by function of a snapshot, of what a filter
 * leaves of it, or what has changed since an older one.
 *
 *   library-user SNAP [FILTER | OLD]
 */
#include <allot/snapshot.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int fail(const struct allot_error *error)
{
	fprintf(stderr, "%s\n", error->text);
	return 2;
}

/* Each group as one line, then the total and the stack of the first. */
static int print(const allot_statistics_t *statistics)
{
	struct allot_statistic total;
	allot_traceback_t *traceback;
	char *text;

	for (size_t i = 0; i < allot_statistics_count(statistics); i++) {
		text = allot_statistics_format(statistics, i);
		puts(text ? text : "out of memory");
		free(text);
	}
	allot_statistics_total(statistics, &total);
	printf("total %" PRIu64 " in %" PRIu64 "\n", total.size, total.count);
	if (allot_statistics_traceback(statistics, 0, &traceback, NULL) < 0)
		return 2;
	text = allot_traceback_format(traceback, ALLOT_ALL_FRAMES, false);
	fputs(text ? text : "out of memory\n", stdout);
	free(text);
	allot_traceback_free(traceback);
	return 0;
}

/* The snapshot goes to JSON and comes back, to be told by what is printed if something got lost. */
static int through_json(allot_snapshot_t **snapshot, struct allot_error *error)
{
	allot_snapshot_t *back;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int result = allot_snapshot_dump_json(*snapshot, out, error);

	fclose(out);
	if (result == 0)
		result = allot_snapshot_load_memory(text, size, "JSON", &back, error);
	free(text);
	if (result < 0)
		return result;
	allot_snapshot_free(*snapshot);
	*snapshot = back;
	return 0;
}

static int keep(allot_snapshot_t **snapshot, const char *text, struct allot_error *error)
{
	allot_snapshot_t *filtered;
	struct allot_filter filter;
	int result = allot_filter_parse(text, &filter, error);

	if (result < 0)
		return result;
	result = allot_snapshot_filter(*snapshot, &filter, 1, &filtered, error);
	allot_filter_release(&filter);
	if (result < 0)
		return result;
	allot_snapshot_free(*snapshot);
	*snapshot = filtered;
	return 0;
}

int main(int argc, char **argv)
{
	const char *more = argc > 2 ? argv[2] : "";
	struct allot_statistics_options options;
	allot_snapshot_t *snapshot, *older = NULL;
	allot_statistics_t *statistics;
	struct allot_error error;
	int result;

	memset(&options, 0, sizeof(options));
	options.group_by = ALLOT_GROUP_FUNCTION;
	options.skip_empty = true;
	if (allot_snapshot_load(argv[1], &snapshot, &error) < 0 || through_json(&snapshot, &error) < 0)
		return fail(&error);
	if (*more == '+' || *more == '-')
		result = keep(&snapshot, more, &error);
	else
		result = *more ? allot_snapshot_load(more, &older, &error) : 0;
	if (result == 0)
		result = older ? allot_snapshot_compare(snapshot, older, &options, &statistics, &error)
			       : allot_snapshot_statistics(snapshot, &options, &statistics, &error);
	allot_snapshot_free(snapshot);
	allot_snapshot_free(older);
	if (result < 0)
		return fail(&error);
	result = print(statistics);
	allot_statistics_free(statistics);
	return result;
}
