/* SPDX-License-Identifier: MIT */
/* What the writers of the formats are given; each is one file. */
#ifndef ALLOT_REPORT_WRITER_H
#define ALLOT_REPORT_WRITER_H

#include "report/report.h"
#include "report/trust.h"

struct allot_report {
	const struct allot_report_options *options;
	const struct allot_view *now;
	const struct allot_view *before; /* NULL: not a diff */
	const struct allot_statistics *statistics;
	const struct allot_report
		*also;   /* a second list for text, of which only groups and numbers count; NULL: none */
	uint32_t shown;  /* how many of the groups to write */
	uint32_t ranked; /* how many have something of the measure; in a diff: have changed. They come first. */
	struct allot_trust_summary trust, trust_before;
};

/* What a group has of the measure, and how that differs from before (as if wide enough for any change). */
struct allot_group_change {
	struct allot_count now;
	int64_t bytes, blocks;
	/*
	 * Of what it has, and of the change: for two runs, which are independent. For two moments of one run the change is
	 * more exact than that.
	 */
	struct allot_variance variance, change_variance;
};

struct allot_group_change allotp_group_change(const struct allot_report *report, const struct allot_group *group);
/* The same of the total. */
struct allot_group_change allotp_total_change(const struct allot_report *report);
/* "size=66 B, count=1, average=66 B", with changes if the report is a diff, and errors if there are estimates. */
void allotp_put_numbers(FILE *out, const struct allot_report *report, const struct allot_group_change *change);
/* Whether there are estimates, so that errors are to be told. */
bool allotp_report_is_sampled(const struct allot_report *report);
/* The snapshot that a group's node belongs to. */
const struct allot_view *allotp_group_view(const struct allot_report *report, const struct allot_group *group);
/* "Top 10", "Top 3 by peak", "Top 10 differences, cumulative" … Cut to fit. */
void allotp_report_title(const struct allot_report *report, char *buffer, size_t size);
/* "live", "at peak", "ever", "temporary", "never freed": what a total of the measure is called. */
const char *allotp_report_total_name(const struct allot_report *report);

/* Each returns 0 or -ENOMEM. */
int allotp_write_text(FILE *out, const struct allot_report *report);
/* One group of those: its line, and where it is; or its whole stack, if groups are stacks. */
int allotp_write_text_group(FILE *out, const struct allot_report *report, const struct allot_group *group);
/* The two parts of that around the numbers: "a.c:12: ", and where it is. */
void allotp_write_text_label(FILE *out, const struct allot_report *report, const struct allot_group *group);
int allotp_write_text_place(FILE *out, const struct allot_report *report, const struct allot_group *group);
int allotp_write_json(FILE *out, const struct allot_report *report);
/* What comes before the groups: an object that is not closed. */
int allotp_write_json_head(FILE *out, const struct allot_report *report);
int allotp_write_markdown(FILE *out, const struct allot_report *report);
/* A key in a cell of a table: the frames of a whole stack below each other. */
void allotp_put_key(FILE *out, const struct allot_keys *keys, uint32_t key);
int allotp_write_csv(FILE *out, const struct allot_report *report);
/* The first fields of a record: the key, and the function and module that the backtrace begins with. */
int allotp_write_csv_place(FILE *out, const struct allot_view *view, struct allot_backtrace backtrace,
			   const struct allot_keys *keys, uint32_t number);

#endif
