/* SPDX-License-Identifier: MIT */
/* What `allot leaks` and `allot run --leaks` share. */
#include "leak-options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gate/date.h"
#include "leaks/why.h"
#include "options.h"
#include "scan/scan.h"

static int read_classes(const struct allot_command *command, const struct allot_arguments *arguments,
			const char *option, unsigned *classes, struct allot_error *error)
{
	const char *text = allotp_option_value(command, arguments, option);

	if (text && allotp_leak_classes(text, classes))
		return allotp_error(error, -EINVAL,
				    "--%s: '%.64s' is no list of definite, indirect, possible, reachable", option,
				    text);
	return 0;
}

/* The same, or "growth" among them. */
static int read_error_on(const struct allot_command *command, const struct allot_arguments *arguments,
			 unsigned *classes, struct allot_error *error)
{
	static const char growth[] = "growth";
	const char *text = allotp_option_value(command, arguments, "error-on");
	unsigned one;

	while (text) {
		size_t size = strcspn(text, ",");
		char word[16];

		snprintf(word, sizeof(word), "%.*s", (int)size, text);
		if (!strcmp(word, growth))
			*classes |= ALLOT_LEAK_GROWTH;
		else if (!allotp_leak_classes(word, &one))
			*classes |= one;
		else
			return allotp_error(
				error, -EINVAL,
				"--error-on: '%.64s' is none of definite, indirect, possible, reachable, growth", text);
		text = text[size] ? text + size + 1 : NULL;
	}
	return 0;
}

static int read_heuristics(const struct allot_command *command, const struct allot_arguments *arguments,
			   unsigned *heuristics, struct allot_error *error)
{
	const char *text = allotp_option_value(command, arguments, "heuristics"), *end = "";

	*heuristics = ALLOT_SCAN_HEURISTICS;
	if (text)
		*heuristics = allotp_scan_heuristics(text, &end);
	if (*end || (text && !*text))
		return allotp_error(error, -EINVAL,
				    "--heuristics: '%.64s' is none of stdstring, length64, newarray, "
				    "multipleinheritance, all, none",
				    end);
	return 0;
}

int allotp_leak_options(const struct allot_command *command, const struct allot_arguments *arguments,
			struct allot_leak_options *options, struct allot_error *error)
{
	const char *path;
	int place = 0, rc;

	*options = (struct allot_leak_options){
		.report.classes = ALLOT_LEAK_BIT(ALLOT_LEAK_DEFINITE) | ALLOT_LEAK_BIT(ALLOT_LEAK_POSSIBLE),
		.suppressions.today = allotp_date_today(),
	};
	options->why = allotp_option_value(command, arguments, "why");
	if (options->why)
		allotp_why_address(options->why, &options->why_address);
	options->report.fresh = allotp_option_value(command, arguments, "new") != NULL;
	rc = read_error_on(command, arguments, &options->error_on, error);
	if (rc == 0)
		rc = read_classes(command, arguments, "show", &options->report.classes, error);
	if (rc == 0)
		rc = read_heuristics(command, arguments, &options->heuristics, error);
	while (rc == 0 && (path = allotp_option_next(command, arguments, "suppressions", &place))) {
		rc = allotp_suppressions_read(&options->suppressions, path, error);
		options->report.suppressions = &options->suppressions;
	}
	return rc;
}

void allotp_leak_options_release(struct allot_leak_options *options)
{
	allotp_suppressions_release(&options->suppressions);
}

int allotp_leak_options_status(const struct allot_leak_options *options, const struct allot_count counts[ALLOT_LEAKS])
{
	for (unsigned i = 0; i < ALLOT_LEAKS; i++) {
		if (options->error_on & ALLOT_LEAK_BIT(i) && counts[i].blocks)
			return EXIT_GATE;
	}
	return EXIT_OK;
}

int allotp_leak_options_why(FILE *out, const struct allot_leak_options *options, const struct allot_view *view,
			    bool asked, bool dot, struct allot_error *error)
{
	struct allot_why why;
	int rc = allotp_why_find(view, options->why, asked, &why, error);

	if (rc == 0 && dot)
		rc = allotp_why_write_dot(out, view, &why);
	else if (rc == 0 && options->report.format == ALLOT_FORMAT_JSON)
		rc = allotp_why_write_json(out, view, &why);
	else if (rc == 0)
		rc = allotp_why_write_text(out, view, &why, options->report.top);
	allotp_why_release(&why);
	return rc == -ENOMEM ? allotp_error(error, rc, "out of memory") : rc;
}
