/* SPDX-License-Identifier: MIT */
/* Suppressions for the leaks that are there now, as narrow as can be. */
#include "gate/baseline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of a stack: more would make lines that nobody reads, and that break at each change of a caller far away. */
enum { FRAMES = 5 };

/* A chain of patterns that is to become a line. */
struct chain {
	char *text;
	uint32_t depth;
};

/* A name as a pattern for itself: '*' for what would mean something else in a suppression. */
static void put_name(FILE *out, const char *name)
{
	for (const char *p = name; *p; p++) {
		if (!strncmp(p, " < ", 3)) {
			putc('*', out);
			p += 2;
		} else {
			putc(strchr("$=", *p) || (unsigned char)*p < 0x20 ? '*' : *p, out);
		}
	}
}

static int make_chain(const struct allot_keys *keys, uint32_t key, struct chain *chain)
{
	size_t size;
	uint32_t depth = 0;
	FILE *out;

	chain->text = NULL;
	out = open_memstream(&chain->text, &size);
	if (!out)
		return -ENOMEM;
	for (; key && depth < FRAMES; key = allotp_keys_caller(keys, key)) {
		const struct allot_label *label = allotp_keys_newest(keys, key);

		/* The mark of a domain, or of having no stack, is no frame. */
		if (!*label->file)
			continue;
		fputs(depth++ ? " < " : "", out);
		fputs(*label->text ? "^" : "", out);
		put_name(out, *label->text ? label->text : label->file);
		fputs(*label->text ? "$" : "", out);
	}
	chain->depth = depth;
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

/* The longest first: a shorter one would match what a longer one is for. */
static int by_depth(const void *left, const void *right)
{
	const struct chain *a = left, *b = right;

	if (a->depth != b->depth)
		return a->depth < b->depth ? 1 : -1;
	return strcmp(a->text, b->text);
}

static int make_chains(const struct allot_verdict *verdict, struct chain *chains, uint32_t *count)
{
	int rc = 0;

	for (uint32_t i = 0; i < verdict->now.count && rc == 0; i++) {
		const struct allot_entry *entry = &verdict->now.entries[i];

		if (!entry->sums.counts[ALLOT_QUANTITY_LEAKS].blocks)
			continue;
		rc = make_chain(verdict->keys, entry->key, &chains[*count]);
		*count += rc == 0;
	}
	qsort(chains, *count, sizeof(*chains), by_depth);
	return rc;
}

/* The chains as suppressions without limits. Without a frame there is nothing to match. */
static int make_set(const struct chain *chains, uint32_t count, struct allot_suppressions *set)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc;

	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		if (chains[i].depth && (!i || strcmp(chains[i].text, chains[i - 1].text)))
			fprintf(out, "leak:%s\n", chains[i].text);
	rc = fclose(out) == 0 ? allotp_suppressions_parse(set, "", text, size, NULL) : -ENOMEM;
	free(text);
	return rc;
}

/* Lets the new suppressions meet what the others do not hold for, so that each has just what it will be asked for. */
static int meet_all(struct allot_verdict *verdict, struct allot_suppressions *set)
{
	const struct allot_snapshot *snapshot = verdict->judged->now->snapshot;
	struct allot_trace trace = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < snapshot->site_count && rc == 0; i++) {
		struct allot_count leaked = verdict->now.sums[i].counts[ALLOT_QUANTITY_LEAKS];

		if (!leaked.blocks)
			continue;
		rc = allotp_tracer_trace(&verdict->now.tracer, snapshot->sites[i].stack, &trace);
		if (rc == 0)
			allotp_suppressions_meet(set, &trace, leaked);
	}
	allotp_trace_release(&trace);
	return rc;
}

static void write_set(FILE *out, const struct allot_verdict *verdict, const struct allot_suppressions *set,
		      uint32_t *count)
{
	fputs("# Leaks that were there when `allot check --write-baseline` looked at ", out);
	put_name(out, verdict->judged->name);
	fputs(".\n", out);
	*count = 0;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct allot_suppression *one = &set->list[i];

		if (!one->stacks)
			continue;
		fprintf(out, "leak:%s count<=%" PRIu64 " bytes<=%" PRIu64 "\n", one->text, one->met.blocks,
			one->met.bytes);
		++*count;
	}
}

int allotp_baseline_write(FILE *out, struct allot_verdict *verdict, uint32_t *count)
{
	struct chain *chains = calloc(verdict->now.count + (size_t)1, sizeof(*chains));
	struct allot_suppressions set = { 0 };
	uint32_t chain_count = 0;
	int rc = chains ? make_chains(verdict, chains, &chain_count) : -ENOMEM;

	if (rc == 0)
		rc = make_set(chains, chain_count, &set);
	if (rc == 0)
		rc = meet_all(verdict, &set);
	if (rc == 0)
		write_set(out, verdict, &set, count);
	for (uint32_t i = 0; i < chain_count; i++)
		free(chains[i].text);
	free(chains);
	allotp_suppressions_release(&set);
	return rc;
}
