/* SPDX-License-Identifier: MIT */
/* Where in the source a call site is, and a line that names it. */
#include "gate/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/fold.h"
#include "report/label.h"
#include "report/print.h"

enum {
	CALLERS = 2, /* of the place that are named */
	WAY = 4,     /* functions on the way to it that are */
};

/* Takes "." and "x/.." out of a path, and doubled slashes. */
static void normalize(char *path)
{
	char *to = path;

	for (const char *from = path; *from;) {
		size_t length = strcspn(from, "/");
		char *last;

		if (length == 0) {
			if (to == path ? from == path : to[-1] != '/')
				*to++ = '/';
			from++;
			continue;
		}
		if (length == 2 && !strncmp(from, "..", length) && to > path + 1 && to[-1] == '/') {
			for (last = to - 1; last > path && last[-1] != '/';)
				last--;
			if (strncmp(last, "../", strlen("../"))) {
				to = last;
				from += length;
				continue;
			}
		}
		if (length != 1 || *from != '.') {
			memmove(to, from, length);
			to += length;
		}
		from += length;
	}
	*to = '\0';
}

/* Is there such a file below the root? */
static bool is_file(const char *root, const char *name)
{
	char *path;
	bool found;

	if (!*name || asprintf(&path, "%s%s", root, name) < 0)
		return false;
	found = access(path, F_OK) == 0;
	free(path);
	return found;
}

char *allotp_place_file(const char *file, const char *root, bool *below)
{
	char *name = strdup(file);
	size_t length = strlen(root);

	if (!name)
		return NULL;
	normalize(name);
	*below = length && (*name == '/' ? !strncmp(name, root, length) && name[length] : is_file(root, name));
	if (*below && *name == '/')
		memmove(name, name + length, strlen(name + length) + 1);
	return name;
}

static bool is_below(const struct allot_trace_frame *frame, const char *root)
{
	bool below = false;

	free(allotp_place_file(frame->file, root, &below));
	return below;
}

static bool is_library(const struct allot_trace_frame *frame)
{
	return allotp_is_libc(frame->module) || (frame->function && allotp_is_library_template(frame->function));
}

/* What calls main() and the functions of threads. */
static bool is_start(const struct allot_trace_frame *frame)
{
	return frame->function &&
	       (!strncmp(frame->function, "__libc_start", strlen("__libc_start")) ||
		!strcmp(frame->function, "start_thread") || !strncmp(frame->function, "clone", strlen("clone")));
}

const struct allot_trace_frame *allotp_place_find(const struct allot_trace *trace, const char *root)
{
	const struct allot_trace_frame *any = NULL, *own = NULL;

	for (uint32_t i = 0; i < trace->count; i++) {
		const struct allot_trace_frame *frame = trace->frames[i];

		if (!frame->file || is_start(frame))
			continue;
		if (is_below(frame, root))
			return frame;
		if (!any)
			any = frame;
		if (!own && !is_library(frame))
			own = frame;
	}
	return own ? own : any;
}

static void put_frame(FILE *out, const struct allot_trace_frame *frame, bool place, const char *root, unsigned limit)
{
	bool below;
	char *file;

	if (frame->name)
		allotp_put_function(out, frame->name, limit);
	else
		allotp_put(out, frame->path[0] ? allotp_base_name(frame->path) : "[unknown]");
	if (!place)
		return;
	file = allotp_place_file(frame->file, root, &below);
	if (!file)
		return;
	fputs(" (", out);
	allotp_put(out, file);
	fprintf(out, ":%" PRIu32 ")", frame->line);
	free(file);
}

/* Is the frame one that says nothing new behind the one before: a call without a name in the same file? */
static bool is_nameless_again(const struct allot_trace *trace, uint32_t number)
{
	const struct allot_trace_frame *frame = trace->frames[number], *before = trace->frames[number - 1];

	return !frame->name && !before->name && !strcmp(frame->path, before->path);
}

/* Of the C library the function that was called, not what that does inside. */
static uint32_t first_frame(const struct allot_trace *trace)
{
	uint32_t first = 0;

	while (first + 1 < trace->count && allotp_is_libc(trace->frames[first]->module) &&
	       allotp_is_libc(trace->frames[first + 1]->module) && !is_start(trace->frames[first + 1]))
		first++;
	return first;
}

static void put_frames(FILE *out, const struct allot_trace *trace, const char *root, unsigned limit)
{
	const struct allot_trace_frame *place = allotp_place_find(trace, root);
	uint32_t first = first_frame(trace), shown = 0, callers = 0;
	bool behind = !place;

	for (uint32_t i = first; i < trace->count && callers < CALLERS; i++) {
		const struct allot_trace_frame *frame = trace->frames[i];

		/* Templates are of no interest on the way, nor are the C library's own calls, or what calls main(). */
		if (frame != place && i != first &&
		    (is_library(frame) || is_start(frame) || is_nameless_again(trace, i)))
			continue;
		/* Of a long way to the place its beginning and its end. */
		if (frame != place && !behind && shown >= WAY) {
			fputs(shown++ == WAY ? " < ..." : "", out);
			continue;
		}
		fputs(shown++ ? " < " : "", out);
		put_frame(out, frame, frame == place, root, limit);
		callers += behind && i != first;
		behind |= frame == place;
		if (frame->name && !strcmp(frame->name, "main"))
			break;
	}
	if (!trace->count)
		fputs("[no stack]", out);
}

char *allotp_place_text(const struct allot_trace *trace, const char *root, unsigned limit)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_frames(out, trace, root, limit);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
