/* SPDX-License-Identifier: MIT */
/* Snapshots of single traces, as CPython's tests have them, made through the public interface. */
#include "trace-sample.h"

#include <inttypes.h>
#include <string.h>

#include "unit.h"

const struct trace_sample trace_sample_old[] = {
	{ 0, 10, "a.py:2;b.py:4" },
	{ 0, 10, "a.py:2;b.py:4" },
	{ 0, 10, "a.py:2;b.py:4" },
	{ 1, 2, "a.py:5;b.py:4" },
	{ 2, 66, "b.py:1" },
	{ 3, 7, "<unknown>:0" },
	{ 0, 0, NULL },
};

const struct trace_sample trace_sample_young[] = {
	{ 0, 10, "a.py:2;b.py:4" },
	{ 0, 10, "a.py:2;b.py:4" },
	{ 0, 10, "a.py:2;b.py:4" },
	{ 2, 2, "a.py:5;b.py:4" },
	{ 2, 5000, "a.py:5;b.py:4" },
	{ 4, 400, "c.py:578" },
	{ 0, 0, NULL },
};

/* Writes the nodes of a stack, the oldest first; *node is the number of the next. */
static void write_nodes(FILE *out, const char *stack, unsigned *node)
{
	const char *end = stack + strlen(stack);
	bool oldest = true;

	while (end > stack) {
		const char *colon = memrchr(stack, ':', (size_t)(end - stack));
		const char *start = memrchr(stack, ';', (size_t)(colon - stack));

		start = start ? start + 1 : stack;
		fprintf(out, "%s{\"calls\":[{\"file\":\"%.*s\",\"line\":%.*s}]", *node ? ",\n" : "",
			(int)(colon - start), start, (int)(end - colon - 1), colon + 1);
		if (!oldest)
			fprintf(out, ",\"caller\":%u", *node - 1);
		putc('}', out);
		oldest = false;
		++*node;
		end = start > stack ? start - 1 : stack;
	}
}

allot_snapshot_t *trace_sample_new(const struct trace_sample *traces)
{
	allot_snapshot_t *snapshot = NULL;
	struct allot_error error = { "" };
	unsigned node = 0;
	char *text, *sites;
	size_t size, sites_size;
	FILE *out = open_memstream(&text, &size), *of_sites = open_memstream(&sites, &sites_size);

	fputs("{\"allot-snapshot\":1,\"domains\":[\"malloc\",\"mmap\",\"two\",\"three\",\"four\"],\"nodes\":[", out);
	for (const struct trace_sample *trace = traces; trace->stack; trace++) {
		write_nodes(out, trace->stack, &node);
		fprintf(of_sites, "%s{\"stack\":%u,\"domain\":%u", trace == traces ? "" : ",\n", node - 1,
			trace->domain);
		for (int i = 0; i < 3; i++)
			fprintf(of_sites, ",\"%s\":{\"bytes\":%" PRIu64 ",\"blocks\":1}",
				(const char *const[]){ "live", "peak", "ever" }[i], trace->size);
		putc('}', of_sites);
	}
	fclose(of_sites);
	fprintf(out, "],\"sites\":[%s]}", sites);
	fclose(out);
	ck_assert_msg(allot_snapshot_load_memory(text, size, "sample", &snapshot, &error) == 0, "%s", error.text);
	free(sites);
	free(text);
	return snapshot;
}

char *trace_sample_text(const allot_snapshot_t *snapshot)
{
	const struct allot_site *site;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; (site = allot_snapshot_site(snapshot, i)); i++) {
		allot_traceback_t *traceback;

		ck_assert_int_eq(allot_snapshot_traceback(snapshot, i, &traceback, NULL), 0);
		fprintf(out, "%u %" PRIu64 " ", (unsigned)site->domain, site->live.bytes);
		for (size_t j = 0; j < allot_traceback_count(traceback); j++) {
			const struct allot_traceback_frame *frame = allot_traceback_frame(traceback, j);

			fprintf(out, "%s%s:%" PRIu32, j ? ";" : "", frame->file, frame->line);
		}
		putc('\n', out);
		allot_traceback_free(traceback);
	}
	fclose(out);
	return text;
}
