/* SPDX-License-Identifier: MIT */
/* A finding in words, and where in the source it is: what all formats say. */
#include "gate/detail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/identity.h"
#include "gate/place.h"
#include "report/hash.h"
#include "report/print.h"
#include "report/size.h"
#include "snapshot/counts.h"

/* Functions of a stack that are named as the difference to another. */
enum { SHOWN = 3 };

const char *allotp_kind_name(enum allot_kind kind)
{
	static const char *const names[ALLOT_KINDS] = { "limit", "growth", "leak" };

	return names[kind];
}

static char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A malloc'ed text; NULL: out of memory. */
static char *text_of(const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	return length < 0 ? NULL : text;
}

char *allotp_count_text(struct allot_count count)
{
	return text_of("%s in %" PRIu64 " block%s", allotp_size((double)count.bytes).text, count.blocks,
		       ALLOT_PLURAL(count.blocks));
}

char *allotp_check_text(const struct allot_check *check)
{
	return text_of("%s of %s", allotp_quantity_name(check->quantity), check->subject);
}

/* "70.0 KiB" or "70 blocks", as the limit counts. */
static struct allot_size amount_text(const struct allot_limit *limit, uint64_t amount)
{
	struct allot_size size;

	if (!limit->blocks)
		return allotp_size((double)amount);
	snprintf(size.text, sizeof(size.text), "%" PRIu64 " block%s", amount, ALLOT_PLURAL(amount));
	return size;
}

static uint64_t amount_of(const struct allot_limit *limit, struct allot_count count)
{
	return limit->blocks ? count.blocks : count.bytes;
}

/* "peak of program is 70.0 KiB, was 60.0 KiB; +5% allows 63.0 KiB" */
static char *limit_text(const struct allot_check *check, const struct allot_finding *finding)
{
	const struct allot_limit *limit = finding->limit;
	struct allot_size now = amount_text(limit, amount_of(limit, finding->now));
	const char *quantity = allotp_quantity_name(check->quantity);

	if (!limit->relative)
		return text_of("%s of %s is %s; the limit is %s", quantity, check->subject, now.text,
			       amount_text(limit, limit->most).text);
	return text_of("%s of %s is %s, was %s; %s allows %s", quantity, check->subject, now.text,
		       amount_text(limit, amount_of(limit, finding->before)).text, limit->text,
		       amount_text(limit, allotp_limit_allowed(limit, finding->before)).text);
}

/* "live +12.0 KiB to 16.0 KiB, +3 to 4 blocks" */
static char *growth_text(const struct allot_check *check, const struct allot_finding *finding)
{
	const char *quantity = allotp_quantity_name(check->quantity);
	const struct allot_count *now = &finding->now, *before = &finding->before;

	if (!before->blocks && !before->bytes)
		return text_of("%s %s in %" PRIu64 " block%s, had none", quantity, allotp_size((double)now->bytes).text,
			       now->blocks, ALLOT_PLURAL(now->blocks));
	return text_of("%s %s to %s, %+" PRId64 " to %" PRIu64 " block%s", quantity,
		       allotp_size_change((double)now->bytes - (double)before->bytes).text,
		       allotp_size((double)now->bytes).text, (int64_t)(now->blocks - before->blocks), now->blocks,
		       ALLOT_PLURAL(now->blocks));
}

static char *leak_text(const struct allot_verdict *verdict, const struct allot_finding *finding)
{
	const struct allot_snapshot *now = verdict->judged->now->snapshot;
	const char *how = now->leaks.looked                       ? "lost"
			  : now->trust.exit == ALLOT_EXIT_RUNNING ? "not yet freed"
								  : "never freed";

	return text_of("%s in %" PRIu64 " block%s %s", allotp_size((double)finding->now.bytes).text,
		       finding->now.blocks, ALLOT_PLURAL(finding->now.blocks), how);
}

static char *message_of(const struct allot_verdict *verdict, const struct allot_finding *finding, enum allot_kind kind)
{
	const struct allot_check *check = &verdict->checks[finding->check];

	switch (kind) {
	case ALLOT_KIND_LIMIT:
		return limit_text(check, finding);
	case ALLOT_KIND_GROWTH:
		return growth_text(check, finding);
	default:
		return leak_text(verdict, finding);
	}
}

/* Which limit of which part, or which call site; not by how much. */
static char *fingerprint_of(const struct allot_verdict *verdict, const struct allot_finding *finding,
			    enum allot_kind kind)
{
	const struct allot_check *check = &verdict->checks[finding->check];
	const char *quantity = allotp_quantity_name(check->quantity);

	if (finding->site)
		return text_of("%s-%s-%s", allotp_kind_name(kind), quantity,
			       allotp_identity_fingerprint(verdict->keys, finding->key).text);
	return text_of("%s-%s-%016" PRIx64, allotp_kind_name(kind), quantity,
		       allotp_hash_chain(ALLOTP_HASH_START, check->subject, strlen(check->subject)));
}

static int find_place(struct allot_detail *detail, struct allot_verdict *verdict, const struct allot_finding *finding,
		      unsigned names)
{
	const char *root = verdict->judged->root;
	const struct allot_trace_frame *place;
	int rc = allotp_tracer_trace(&verdict->now.tracer, finding->stack, &detail->trace);

	if (rc < 0)
		return rc;
	detail->site = allotp_place_text(&detail->trace, root, names);
	if (!detail->site)
		return -ENOMEM;
	place = allotp_place_find(&detail->trace, root);
	if (!place)
		return 0;
	detail->line = place->line;
	detail->file = allotp_place_file(place->file, root, &detail->below);
	return detail->file ? 0 : -ENOMEM;
}

int allotp_detail_init(struct allot_detail *detail, struct allot_verdict *verdict, const struct allot_finding *finding,
		       unsigned names)
{
	bool growth = verdict->checks[finding->check].rule->scope == ALLOT_SCOPE_GROWTH;

	*detail = (struct allot_detail){ .kind = growth          ? ALLOT_KIND_GROWTH
						 : finding->site ? ALLOT_KIND_LEAK
								 : ALLOT_KIND_LIMIT };
	detail->message = message_of(verdict, finding, detail->kind);
	detail->fingerprint = fingerprint_of(verdict, finding, detail->kind);
	if (!detail->message || !detail->fingerprint)
		return -ENOMEM;
	if (finding->key && find_place(detail, verdict, finding, names) < 0)
		return -ENOMEM;
	if (detail->site)
		detail->text = text_of(detail->kind == ALLOT_KIND_LIMIT ? "%s; most: %s" : "%s: %s", detail->message,
				       detail->site);
	else
		detail->text = strdup(detail->message);
	return detail->text ? 0 : -ENOMEM;
}

void allotp_detail_release(struct allot_detail *detail)
{
	allotp_trace_release(&detail->trace);
	free(detail->message);
	free(detail->site);
	free(detail->text);
	free(detail->file);
	free(detail->fingerprint);
}

char *allotp_entry_text(const struct allot_verdict *verdict, struct allot_ledger *ledger,
			const struct allot_entry *entry, unsigned names)
{
	struct allot_trace trace = { 0 };
	char *text = NULL;

	if (allotp_tracer_trace(&ledger->tracer, entry->stack, &trace) == 0)
		text = allotp_place_text(&trace, verdict->judged->root, names);
	allotp_trace_release(&trace);
	return text;
}

struct allot_move allotp_verdict_move(const struct allot_verdict *verdict, uint32_t number)
{
	struct allot_move move = { 0 };
	uint32_t members = 0; /* two at least: one on either side */

	for (uint32_t i = 0; i < verdict->moved.count; i++) {
		const struct allot_change *change = &verdict->moved.list[i];
		bool grown = change->count.blocks > change->count_before.blocks ||
			     change->count.bytes > change->count_before.bytes;
		const struct allot_change **side = grown ? &move.to : &move.from;

		if (change->moved != number)
			continue;
		members++;
		if (!*side)
			*side = change;
		if (grown) {
			allotp_count_add(&move.count, change->count);
			allotp_count_take(&move.count, change->count_before);
		}
	}
	move.others = members - 2;
	return move;
}

static const char *name_of(const struct allot_label *label)
{
	return *label->text ? label->text : label->file;
}

/* The functions of the longer stack that the shorter one has not. */
static void put_more(FILE *out, const struct allot_label **longer, uint32_t longer_depth,
		     const struct allot_label **shorter, uint32_t shorter_depth)
{
	uint32_t found = 0, shown = 0;

	for (uint32_t i = 0; i < longer_depth; i++) {
		if (found < shorter_depth && longer[i] == shorter[found]) {
			found++;
			continue;
		}
		fputs(shown ? ", " : "", out);
		if (shown++ == SHOWN) {
			fputs("...", out);
			return;
		}
		fputs(name_of(longer[i]), out);
	}
}

static void put_difference(FILE *out, const struct allot_label **from, uint32_t from_depth,
			   const struct allot_label **to, uint32_t to_depth)
{
	uint32_t i = 0;

	if (from_depth != to_depth) {
		fputs(to_depth > from_depth ? "now by way of " : "no longer by way of ", out);
		if (to_depth > from_depth)
			put_more(out, to, to_depth, from, from_depth);
		else
			put_more(out, from, from_depth, to, to_depth);
		return;
	}
	while (i + 1 < from_depth && from[i] == to[i])
		i++;
	fprintf(out, "%s is now %s", name_of(from[i]), name_of(to[i]));
}

char *allotp_move_text(const struct allot_verdict *verdict, const struct allot_move *move)
{
	uint32_t from_depth, to_depth;
	const struct allot_label **from = allotp_identity_labels(verdict->keys, move->from->key, &from_depth);
	const struct allot_label **to = allotp_identity_labels(verdict->keys, move->to->key, &to_depth);
	char *text = NULL;
	size_t size;
	FILE *out = from && to ? open_memstream(&text, &size) : NULL;

	if (out) {
		put_difference(out, from, from_depth, to, to_depth);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(from);
	free(to);
	return text;
}
