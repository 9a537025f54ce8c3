/* SPDX-License-Identifier: MIT */
/* Where a block comes from, as one line has room for it, and what its fields are called. */
#include "leaks/place.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "report/json.h"
#include "report/label.h"
#include "report/print.h"
#include "symbol/data.h"

int allotp_place_of(const struct allot_view *view, uint32_t stack, const struct allot_frame **frame,
		    const struct allot_symbol **symbol)
{
	struct allot_backtrace backtrace = { .node = ALLOT_NODE_NONE };
	int rc = allotp_backtrace_origin(view, stack, &backtrace.node);

	*frame = NULL;
	*symbol = NULL;
	if (rc == 0)
		rc = allotp_backtrace_next(&backtrace, view, frame);
	if (rc == 1)
		*symbol = backtrace.symbol;
	return rc < 0 ? rc : 0;
}

enum { NAME_WIDTH = 60 }; /* of a template's name, which may fill a screen */

static void write_frame(FILE *out, const struct allot_view *view, const struct allot_symbol *symbol,
			const struct allot_frame *frame)
{
	char name[PATH_MAX + 32];

	if (frame->function) {
		allotp_put_function(out, frame->function, allotp_is_library_template(frame->function) ? NAME_WIDTH : 0);
	} else {
		allotp_symbol_name(view->snapshot, symbol, name, sizeof(name));
		allotp_put(out, name);
	}
	if (frame->file) {
		fputs(" (", out);
		allotp_put(out, allotp_base_name(frame->file));
		fprintf(out, ":%" PRIu32 ")", frame->line);
	}
}

/* Who called is, of C++ containers, who has called the first of their templates. */
static int write_caller(FILE *out, const struct allot_view *view, struct allot_backtrace *backtrace)
{
	const struct allot_frame *frame;
	int rc;

	do {
		rc = allotp_backtrace_next(backtrace, view, &frame);
	} while (rc == 1 && frame->function && allotp_is_library_template(frame->function));
	if (rc != 1)
		return rc;
	fputs(" < ", out);
	write_frame(out, view, backtrace->symbol, frame);
	return 0;
}

static int write_place(FILE *out, const struct allot_view *view, uint32_t stack, bool called)
{
	struct allot_backtrace backtrace = { .node = ALLOT_NODE_NONE };
	const struct allot_frame *frame;
	int rc = allotp_backtrace_origin(view, stack, &backtrace.node);

	if (rc == 0)
		rc = allotp_backtrace_next(&backtrace, view, &frame);
	if (rc == 1)
		write_frame(out, view, backtrace.symbol, frame);
	else if (rc == 0)
		fputs("an unknown place", out);
	return rc == 1 && called ? write_caller(out, view, &backtrace) : rc < 0 ? rc : 0;
}

int allotp_place_write(FILE *out, const struct allot_view *view, uint32_t stack)
{
	return write_place(out, view, stack, false);
}

int allotp_place_write_called(FILE *out, const struct allot_view *view, uint32_t stack)
{
	return write_place(out, view, stack, true);
}

int allotp_place_same(const struct allot_view *view, uint32_t stack, uint32_t other)
{
	const struct allot_symbol *symbol;
	const struct allot_frame *one, *second;
	int rc = allotp_place_of(view, stack, &one, &symbol);

	if (rc == 0)
		rc = allotp_place_of(view, other, &second, &symbol);
	if (rc < 0)
		return rc;
	if (stack == other || one == second)
		return 1;
	/* Names are shared: equal ones are the same. */
	return one && second && (one->function || one->file) && one->function == second->function &&
	       one->file == second->file && one->line == second->line;
}

int allotp_place_json(const struct allot_view *view, uint32_t stack, json_t *object)
{
	const struct allot_symbol *symbol;
	const struct allot_frame *frame;
	char name[PATH_MAX + 32];
	int rc = allotp_place_of(view, stack, &frame, &symbol);

	if (rc < 0 || !frame)
		return rc;
	if (!frame->function && !frame->file) {
		allotp_symbol_name(view->snapshot, symbol, name, sizeof(name));
		return json_object_set_new(object, "place", allotp_json_string(name)) ? -ENOMEM : 0;
	}
	if (frame->function && json_object_set_new(object, "function", allotp_json_string(frame->function)))
		return -ENOMEM;
	if (frame->file && (json_object_set_new(object, "file", allotp_json_string(frame->file)) ||
			    json_object_set_new(object, "line", allotp_json_number(frame->line))))
		return -ENOMEM;
	return 0;
}

/* Whether the text is the end of a name, begun where a part of it begins. */
static bool is_end(const char *name, const char *text, size_t size, const char *separator)
{
	size_t length = strlen(name), between = strlen(separator);

	if (length < size || strncmp(name + length - size, text, size))
		return false;
	return length == size ||
	       (length - size >= between && !strncmp(name + length - size - between, separator, between));
}

static bool is_line(const struct allot_frame *frame, const char *text)
{
	const char *colon = strrchr(text, ':');
	char *end;

	return frame->file && colon && isdigit((unsigned char)colon[1]) &&
	       strtoul(colon + 1, &end, 10) == frame->line && !*end &&
	       is_end(frame->file, text, (size_t)(colon - text), "/");
}

/* With its parameters or without, with the namespaces that it is in or without. */
static bool is_function(const char *function, const char *text)
{
	char *bare;
	bool is;

	if (!function)
		return false;
	if (is_end(function, text, strlen(text), "::"))
		return true;
	bare = strndup(function, strcspn(function, "("));
	is = bare && *bare && is_end(bare, text, strlen(text), "::");
	free(bare);
	return is;
}

static bool is_meant(const struct allot_view *view, const struct allot_symbol *symbol, const struct allot_frame *frame,
		     const char *text)
{
	char name[PATH_MAX + 32];

	allotp_symbol_name(view->snapshot, symbol, name, sizeof(name));
	return is_line(frame, text) || is_function(frame->function, text) || !strcmp(name, text);
}

int allotp_place_matches(const struct allot_view *view, uint32_t stack, const char *text, bool deep)
{
	struct allot_backtrace backtrace = { .node = ALLOT_NODE_NONE };
	const struct allot_frame *frame;
	int rc = allotp_backtrace_origin(view, stack, &backtrace.node);

	while (rc == 0 && (rc = allotp_backtrace_next(&backtrace, view, &frame)) == 1) {
		if (is_meant(view, backtrace.symbol, frame, text))
			return 1;
		rc = 0;
		if (!deep)
			break;
	}
	return rc;
}

int allotp_place_field(const struct allot_view *view, uint32_t stack, uint64_t size, uint64_t offset,
		       const char **field, const char **type)
{
	uint32_t origin;
	int rc = allotp_backtrace_origin(view, stack, &origin);

	*field = *type = NULL;
	return rc < 0 ? rc : allotp_resolve_field(view->resolver, origin, size, offset, field, type);
}
