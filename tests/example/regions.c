/* SPDX-License-Identifier: MIT */
/* regions SNAP [FILTER…]: what each region of a program has ever allocated, of the call sites that the filters keep. */
#include <stdio.h>

#include <allot/snapshot.h>

static int fail(const struct allot_error *error)
{
	fprintf(stderr, "regions: %s\n", error->text);
	return 2;
}

int main(int argc, char **argv)
{
	struct allot_statistics_options options = { .group_by = ALLOT_GROUP_REGION, .measure = ALLOT_MEASURE_EVER };
	allot_snapshot_t *snapshot, *filtered;
	allot_statistics_t *statistics;
	struct allot_error error;

	if (argc < 2 || allot_snapshot_load(argv[1], &snapshot, &error) < 0)
		return argc < 2 ? 2 : fail(&error);
	for (int i = 2; i < argc; i++) {
		struct allot_filter filter;

		if (allot_filter_parse(argv[i], &filter, &error) < 0 ||
		    allot_snapshot_filter(snapshot, &filter, 1, &filtered, &error) < 0)
			return fail(&error);
		allot_filter_release(&filter);
		allot_snapshot_free(snapshot);
		snapshot = filtered;
	}
	if (allot_snapshot_statistics(snapshot, &options, &statistics, &error) < 0)
		return fail(&error);
	for (size_t i = 0; i < allot_statistics_count(statistics); i++) {
		struct allot_statistic statistic;

		if (allot_statistics_group(statistics, i, &statistic) == 0)
			printf("%s: %llu bytes in %llu blocks\n", statistic.name,
			       (unsigned long long)statistic.ever.bytes, (unsigned long long)statistic.ever.blocks);
	}
	allot_statistics_free(statistics);
	allot_snapshot_free(snapshot);
	return 0;
}
