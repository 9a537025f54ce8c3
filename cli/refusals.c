/* SPDX-License-Identifier: MIT */
/* The programs that were executed and could not be traced, told at the end. */
#include "refusals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/print.h"

/* What a person looks through. */
enum { TOLD = 20 };

static void add(struct allot_refusals *refusals, const char *text, uint64_t times)
{
	struct allot_refusal *list;
	char *copy;

	for (size_t i = 0; i < refusals->count; i++) {
		if (!strcmp(refusals->list[i].text, text)) {
			refusals->list[i].count += times;
			return;
		}
	}
	copy = refusals->count < TOLD ? strdup(text) : NULL;
	list = copy ? realloc(refusals->list, (refusals->count + 1) * sizeof(*list)) : NULL;
	if (!list) {
		free(copy);
		refusals->others += times;
		return;
	}
	refusals->list = list;
	list[refusals->count++] = (struct allot_refusal){ .text = copy, .count = times };
}

void allotp_refusals_add(struct allot_refusals *refusals, const struct allot_reader *reader)
{
	char text[2048];
	uint32_t times;

	for (unsigned int i = 0; i < ALLOT_REFUSED; i++) {
		if (allotp_reader_refused(reader, i, text, sizeof(text), &times))
			add(refusals, text, times);
	}
	refusals->others += reader->store.header->refused_others;
}

void allotp_refusals_print(const struct allot_refusals *refusals, FILE *out)
{
	for (size_t i = 0; i < refusals->count; i++) {
		fputs("allot: not traced: ", out);
		allotp_put(out, refusals->list[i].text);
		if (refusals->list[i].count > 1)
			fprintf(out, " (%" PRIu64 " times)", refusals->list[i].count);
		putc('\n', out);
	}
	if (refusals->others)
		fprintf(out, "allot: not traced: %" PRIu64 " more programs that cannot be\n", refusals->others);
}

void allotp_refusals_release(struct allot_refusals *refusals)
{
	for (size_t i = 0; i < refusals->count; i++)
		free(refusals->list[i].text);
	free(refusals->list);
	memset(refusals, 0, sizeof(*refusals));
}
