/* SPDX-License-Identifier: MIT */
/* The snapshots of other processes that `allot run` has written on the way. */
#include "kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/print.h"
#include "report/size.h"

/* What a person looks through on one screen. */
enum { TOLD = 20 };

/* What a shell or a wrapper takes before it goes on as another program is less. */
#define MATTERS (UINT64_C(1) << 20)

bool allotp_kept_matters(struct allot_kept *kept, const struct allot_snapshot *snapshot)
{
	if (snapshot->trust.exit != ALLOT_EXIT_EXEC || snapshot->peak.bytes >= MATTERS)
		return true;
	kept->passed++;
	if (kept->passed_bytes < snapshot->peak.bytes)
		kept->passed_bytes = snapshot->peak.bytes;
	return false;
}

int allotp_kept_add(struct allot_kept *kept, const struct allot_snapshot *snapshot, const char *path, bool still)
{
	struct allot_kept_one *one;

	if (kept->count == kept->capacity) {
		size_t capacity = kept->capacity ? 2 * kept->capacity : 32;
		struct allot_kept_one *list = realloc(kept->list, capacity * sizeof(*list));

		if (!list)
			return -ENOMEM;
		kept->list = list;
		kept->capacity = capacity;
	}
	one = &kept->list[kept->count];
	if (asprintf(&one->text, "%s (%llu%s): peak %s, snapshot in %s", snapshot->program,
		     (unsigned long long)snapshot->pid, still ? ", still running" : "",
		     allotp_size((double)snapshot->peak.bytes).text, path) < 0)
		return -ENOMEM;
	one->peak_bytes = snapshot->peak.bytes;
	one->started_ns = snapshot->start_time_ns;
	kept->count++;
	return 0;
}

static int compare_start(const void *a, const void *b)
{
	const struct allot_kept_one *one = a, *other = b;

	return (one->started_ns > other->started_ns) - (one->started_ns < other->started_ns);
}

static int compare_peak(const void *a, const void *b)
{
	const struct allot_kept_one *one = a, *other = b;

	if (one->peak_bytes == other->peak_bytes)
		return compare_start(a, b);
	return one->peak_bytes < other->peak_bytes ? 1 : -1;
}

static void tell(FILE *out, const char *text)
{
	fputs("allot: ", out);
	allotp_put(out, text);
	putc('\n', out);
}

void allotp_kept_print(struct allot_kept *kept, FILE *out, const char *base)
{
	size_t told = kept->count < TOLD ? kept->count : TOLD;

	if (!kept->count)
		return;
	qsort(kept->list, kept->count, sizeof(*kept->list), compare_peak);
	qsort(kept->list, told, sizeof(*kept->list), compare_start);
	for (size_t i = 0; i < told; i++)
		tell(out, kept->list[i].text);
	if (kept->count > told) {
		fprintf(out, "allot: and %zu more, none with a higher peak, in ", kept->count - told);
		allotp_put(out, base);
		fputs(".PID\n", out);
	}
}

void allotp_kept_print_passed(const struct allot_kept *kept, FILE *out)
{
	if (kept->passed)
		fprintf(out,
			"allot: no snapshots of %zu forks and wrappers that became other programs, with a peak of %s at most\n",
			kept->passed, allotp_size((double)kept->passed_bytes).text);
}

void allotp_kept_release(struct allot_kept *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		free(kept->list[i].text);
	free(kept->list);
	memset(kept, 0, sizeof(*kept));
}
