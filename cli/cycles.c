/* SPDX-License-Identifier: MIT */
/* allot cycles: objects of liballot-object that only refer to each other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "library/handle.h"
#include "object-input.h"
#include "objects/writer.h"
#include "options.h"

static const struct allot_option options[] = {
	{ "top", 'n', "N", "show at most N shapes of cycles (default: 10; in JSON, all)" },
	{ "dot", 0, NULL, "a picture for graphviz, as dot(1) reads it" },
	{ "error-on", 'e', "WHAT", "exit with status 1 if there are any: cycles" },
	{ "format", 'f', "FORMAT", "text, json (default: text)" },
	{ 0 },
};

struct request {
	enum allot_cycles_format format;
	uint64_t top;
	bool error_on;
};

static int read_options(const struct allot_arguments *arguments, struct request *request, struct allot_error *error)
{
	static const char *const formats[] = { "text", "json" }, *const kinds[] = { "cycles" };
	int format = 0, kind = -1, rc;

	rc = allotp_option_number(&command_cycles, arguments, "top", 1, UINT32_MAX, &request->top, error);
	if (rc == 0)
		rc = allotp_option_choice(&command_cycles, arguments, "format", formats, 2, &format, error);
	if (rc == 0)
		rc = allotp_option_choice(&command_cycles, arguments, "error-on", kinds, 1, &kind, error);
	request->format = format ? ALLOT_CYCLES_JSON : ALLOT_CYCLES_TEXT;
	request->error_on = kind == 0;
	if (rc == 0 && allotp_option_value(&command_cycles, arguments, "dot")) {
		if (allotp_option_value(&command_cycles, arguments, "format"))
			return allotp_error(error, -EINVAL, "--dot and --format are two formats");
		request->format = ALLOT_CYCLES_DOT;
	}
	return rc;
}

static int show(const allot_snapshot_t *snapshot, const struct request *request, struct allot_progress_line *progress,
		struct allot_error *error)
{
	struct allot_view view;
	char *text = NULL;
	uint64_t found = 0;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc = out ? allotp_handle_lock(snapshot, &view) : -ENOMEM;

	if (rc == 0) {
		rc = allotp_cycles_tell(out, &view, request->format, (uint32_t)request->top, &found);
		allotp_handle_unlock(snapshot);
	}
	if (out && fclose(out))
		rc = -ENOMEM;
	allotp_progress_line_clear(progress);
	if (rc == 0)
		fwrite(text, 1, size, stdout);
	free(text);
	if (rc < 0) {
		allotp_error(error, rc, "out of memory");
		return EXIT_USAGE;
	}
	return request->error_on && found ? EXIT_GATE : EXIT_OK;
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	struct request request = { 0 };
	struct allot_progress_line progress;
	allot_snapshot_t *snapshot = NULL;
	int status;

	if (read_options(arguments, &request, error) < 0)
		return EXIT_USAGE;
	allotp_progress_line_init(&progress);
	status = allotp_object_input(arguments->operands[0], &progress, &snapshot, error);
	if (status == EXIT_OK)
		status = show(snapshot, &request, &progress, error);
	allotp_progress_line_clear(&progress);
	allot_snapshot_free(snapshot);
	return status;
}

const struct allot_command command_cycles = {
	.name = "cycles",
	.operands = "SNAP|PID",
	.summary = "show cycles of objects that nobody can reach: members, fields, where they come from",
	.help = "Of a program that uses liballot-object and was traced: what a collection would find at that moment, by the counts of "
		"references. Of each cycle the references are told that lead back to where its oldest object leads; were they "
		"weak, there would be no cycle. Cycles that are alike are told once. A running program is stopped for some "
		"milliseconds and copied.\n\n"
		"Exit status: 0; 1 with --error-on cycles, if there are any; 2 wrong usage or bad input, or no such program; "
		"3 the objects are not known.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
