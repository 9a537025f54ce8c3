/* SPDX-License-Identifier: MIT */
/* What the writers of the formats of growth are given. */
#ifndef ALLOT_LEAKS_GROWTH_WRITER_H
#define ALLOT_LEAKS_GROWTH_WRITER_H

#include "leaks/growth.h"
#include "leaks/trend.h"
#include "report/writer.h"

struct allot_growth_group {
	uint32_t key;
	uint32_t view, node; /* where its largest site begins, and whose node that is */
	double variance;     /* of its last bytes, where blocks were sampled */
	struct allot_count largest;
	struct allot_count *live; /* at each point */
	struct allot_trend bytes, blocks;
};

/* The one of a group's trends that counts: that of blocks, where all of them have no bytes. */
static inline const struct allot_trend *allotp_growth_trend(const struct allot_growth_group *group)
{
	return group->bytes.high > 0 ? &group->bytes : &group->blocks;
}

enum allot_growth_unit { ALLOT_GROWTH_MARKS, ALLOT_GROWTH_SECONDS, ALLOT_GROWTH_SNAPSHOTS };

struct allot_growth {
	const struct allot_growth_options *options;
	const struct allot_view *views; /* the last is the one that totals and trust are of */
	uint32_t view_count;
	struct allot_keys *keys;

	enum allot_growth_unit unit;
	const char *unit_name; /* "request", "second", "snapshot" */
	uint64_t repetitions;  /* how many there were */
	double *x;             /* of the points, in units */
	uint32_t points;

	struct allot_growth_group *groups; /* those that grow first, fastest first */
	uint32_t count, room;
	uint32_t kinds[ALLOT_TREND_KINDS]; /* how many there are of each */
	uint32_t shown;                    /* how many to write */
	struct allot_count *total;         /* of what no suppression holds, at each point */
	struct allot_count suppressed;     /* what the others had grown by */
};

/* "grows", "once" … : for JSON and tables. */
const char *allotp_trend_name(enum allot_trend_kind kind);

/* How much of x the points of a trend span, those of warm-up left out. */
double allotp_growth_span(const struct allot_growth *growth, const struct allot_trend *trend);

/* What lib/report's functions want of a group: its place is that of the largest of its sites. */
struct allot_growth_place {
	struct allot_report_options how;
	struct allot_statistics statistics;
	struct allot_report report;
	struct allot_group group;
};
void allotp_growth_place(const struct allot_growth *growth, const struct allot_growth_group *group,
			 struct allot_growth_place *place);

/* "48 B", "0.24 B", "1.2 KiB": a slope may be less than one byte. */
void allotp_growth_put_rate(FILE *out, double rate);

/* Each returns 0 or -ENOMEM. */
int allotp_growth_write_text(FILE *out, const struct allot_growth *growth);
int allotp_growth_write_json(FILE *out, const struct allot_growth *growth);
int allotp_growth_write_markdown(FILE *out, const struct allot_growth *growth);
int allotp_growth_write_csv(FILE *out, const struct allot_growth *growth);

#endif
