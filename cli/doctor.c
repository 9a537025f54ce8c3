/* SPDX-License-Identifier: MIT */
/* allot doctor: what of a program cannot be traced or will be missed, told before it runs. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "report/print.h"
#include "symbol/inspect.h"

enum { OPTION_FORMAT };

static const struct allot_option options[] = {
	[OPTION_FORMAT] = { "format", 'f', "FORMAT", "text, json (default: text)" },
	{ 0 },
};

static const char *const severities[] = {
	[ALLOT_FINE] = "ok", [ALLOT_NOTE] = "note", [ALLOT_WARNING] = "warning", [ALLOT_PROBLEM] = "problem"
};

/* Writes "PROGRAM", or "PROGRAM (run by INTERPRETER)". */
static void write_program(const struct allot_inspection *inspection)
{
	allotp_put(stdout, inspection->program);
	if (strcmp(inspection->program, inspection->traced) != 0) {
		fputs(" (run by ", stdout);
		allotp_put(stdout, inspection->traced);
		putchar(')');
	}
}

static void write_text(const struct allot_inspection *inspection, bool traceable)
{
	unsigned warnings = 0;

	for (unsigned i = 0; i < inspection->finding_count; i++)
		warnings += inspection->findings[i].severity == ALLOT_WARNING;
	write_program(inspection);
	if (!traceable)
		puts(" cannot be traced.\n");
	else if (warnings)
		printf(" can be traced, with %u warning%s.\n\n", warnings, warnings == 1 ? "" : "s");
	else
		puts(" can be traced.\n");
	for (unsigned i = 0; i < inspection->finding_count; i++) {
		const struct allot_finding *finding = &inspection->findings[i];

		printf("  %-8s %-13s ", severities[finding->severity], finding->topic);
		allotp_put(stdout, finding->text);
		putchar('\n');
		if (finding->advice && finding->severity != ALLOT_FINE)
			printf("  %-8s %-13s -> %s\n", "", "", finding->advice);
	}
}

static json_t *make_json(const struct allot_inspection *inspection, bool traceable)
{
	json_t *findings = json_array();

	for (unsigned i = 0; findings && i < inspection->finding_count; i++) {
		const struct allot_finding *finding = &inspection->findings[i];

		if (json_array_append_new(findings, json_pack("{s:s, s:s, s:s, s:s?}", "topic", finding->topic,
							      "severity", severities[finding->severity], "text",
							      finding->text, "advice", finding->advice)) < 0) {
			json_decref(findings);
			return NULL;
		}
	}
	return json_pack("{s:i, s:s, s:s, s:b, s:o}", "allot", 1, "program", inspection->program, "traced",
			 inspection->traced, "traceable", traceable, "findings", findings);
}

static int write_json(const struct allot_inspection *inspection, bool traceable, struct allot_error *error)
{
	json_t *root = make_json(inspection, traceable);
	int result;

	/* JSON is UTF-8; a path need not be. */
	if (!root)
		return allotp_error(error, -EILSEQ, "%s: the name is not UTF-8, so JSON cannot hold it",
				    inspection->program);
	result = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(root);
	putchar('\n');
	return result;
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	const char *format = arguments->values[OPTION_FORMAT];
	struct allot_inspection inspection;
	int status = EXIT_OK;
	bool traceable;

	if (format && strcmp(format, "text") != 0 && strcmp(format, "json") != 0) {
		allotp_error(error, 0, "unknown format '%s': text or json", format);
		return EXIT_USAGE;
	}
	if (allotp_inspect(arguments->operands[0], &inspection, error) < 0)
		return EXIT_USAGE;
	traceable = allotp_inspection_verdict(&inspection, NULL) == 0;
	if (format && !strcmp(format, "json")) {
		if (write_json(&inspection, traceable, error) < 0)
			status = EXIT_USAGE;
	} else {
		write_text(&inspection, traceable);
	}
	allotp_inspection_release(&inspection);
	if (status != EXIT_OK)
		return status;
	return traceable ? EXIT_OK : EXIT_GATE;
}

const struct allot_command command_doctor = {
	.name = "doctor",
	.operands = "PROG [ARG…]",
	.summary = "say before a run what cannot be traced or will be missed",
	.help = "PROG is found as the shell finds it, and looked at without running it; arguments are ignored. The exit "
		"status is 0 if the program can be traced (also with warnings), 1 if it cannot, 2 if there is no such "
		"program.",
	.options = options,
	.min_operands = 1,
	.max_operands = -1,
	.stop_at_operand = true,
	.run = run,
};
