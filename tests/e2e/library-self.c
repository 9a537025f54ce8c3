/* SPDX-License-Identifier: MIT */
/*
 * A traced program that looks at a snapshot of itself, taken in memory: what keep() has allocated, what mmap has, and what was
 * allocated in a region.
 */
#include <allot/region.h>
#include <allot/snapshot.h>
#include <allot/trace.h>

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *kept[6], *mapped;

__attribute__((noinline)) static void keep(size_t size)
{
	static int count;

	for (int i = 0; i < 3; i++)
		kept[count++] = malloc(size);
}

static int print(const char *text, const allot_snapshot_t *of)
{
	struct allot_filter filter;
	struct allot_snapshot_totals totals;
	allot_snapshot_t *filtered;

	if (allot_filter_parse(text, &filter, NULL) < 0 || allot_snapshot_filter(of, &filter, 1, &filtered, NULL) < 0)
		return 2;
	allot_snapshot_totals(filtered, &totals);
	printf("%s %" PRIu64 " in %" PRIu64 "\n", text, totals.live.bytes, totals.live.blocks);
	allot_snapshot_free(filtered);
	allot_filter_release(&filter);
	return 0;
}

int main(void)
{
	allot_snapshot_t *snapshot;
	struct allot_error error;
	void *data;
	size_t size;
	int result;

	keep(12345);
	ALLOT_REGION ("outer") {
		ALLOT_REGION ("inner") {
			keep(4321);
		}
	}
	mapped = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	result = allot_take_snapshot_in_memory(&data, &size);
	if (result < 0) {
		printf("not traced\n");
		return 0;
	}
	result = allot_snapshot_load_memory(data, size, "myself", &snapshot, &error);
	allot_free_snapshot(data, size);
	if (result < 0) {
		printf("%s\n", error.text);
		return 2;
	}
	result = print("+*:keep", snapshot);
	if (result == 0)
		result = print("+domain=mmap", snapshot);
	if (result == 0)
		result = print("+region=outer", snapshot);
	allot_snapshot_free(snapshot);
	munmap(mapped, 8192);
	for (int i = 0; i < 6; i++)
		free(kept[i]);
	return result;
}
