/* SPDX-License-Identifier: MIT */
/* Stacks as the public interface gives them out. */
#include "library/traceback.h"

#include <errno.h>
#include <stdlib.h>

#include "common/error.h"
#include "report/array.h"
#include "report/frame-text.h"

struct allot_traceback_handle {
	allot_snapshot_t *snapshot; /* whose names the frames have */
	struct allot_traceback_frame *frames;
	uint32_t count;
	enum allot_stack_end end;
};

static enum allot_stack_end end_of(uint32_t node)
{
	switch (node) {
	case ALLOT_NODE_ROOT:
		return ALLOT_STACK_WHOLE;
	case ALLOT_NODE_TRUNCATED:
		return ALLOT_STACK_TRUNCATED;
	case ALLOT_NODE_LIMIT:
		return ALLOT_STACK_LIMITED;
	default:
		return ALLOT_STACK_NONE;
	}
}

static int collect(allot_traceback_t *traceback, const struct allot_view *view, struct allot_backtrace place)
{
	const struct allot_frame *frame;
	uint32_t room = 0;
	int rc;

	while ((rc = allotp_backtrace_next(&place, view, &frame)) > 0) {
		if (allotp_array_reserve(&traceback->frames, &room, traceback->count + 1, sizeof(*traceback->frames)) <
		    0)
			return -ENOMEM;
		traceback->frames[traceback->count++] = allotp_traceback_frame(view->snapshot, place.symbol, frame);
	}
	traceback->end = end_of(place.node);
	return rc;
}

int allotp_traceback_new(const allot_snapshot_t *handle, const struct allot_view *view, struct allot_backtrace from,
			 allot_traceback_t **out)
{
	allot_traceback_t *traceback = calloc(1, sizeof(*traceback));
	int rc;

	if (!traceback)
		return -ENOMEM;
	traceback->snapshot = allotp_handle_retain(handle);
	rc = collect(traceback, view, from);
	if (rc < 0)
		allot_traceback_free(traceback);
	else
		*out = traceback;
	return rc;
}

void allot_traceback_free(allot_traceback_t *traceback)
{
	if (!traceback)
		return;
	allot_snapshot_free(traceback->snapshot);
	free(traceback->frames);
	free(traceback);
}

int allot_snapshot_traceback(const allot_snapshot_t *snapshot, size_t site, allot_traceback_t **out,
			     struct allot_error *error)
{
	struct allot_backtrace from = { 0 };
	struct allot_view view;
	int rc;

	if (site >= snapshot->snapshot->site_count)
		return allotp_error(error, -ERANGE, "there is no call site %zu", site);
	rc = allotp_handle_lock(snapshot, &view);
	if (rc == 0) {
		rc = allotp_backtrace_origin(&view, view.snapshot->sites[site].stack, &from.node);
		if (rc == 0)
			rc = allotp_traceback_new(snapshot, &view, from, out);
		allotp_handle_unlock(snapshot);
	}
	return rc < 0 ? allotp_error(error, rc, "out of memory") : 0;
}

size_t allot_traceback_count(const allot_traceback_t *traceback)
{
	return traceback->count;
}

const struct allot_traceback_frame *allot_traceback_frame(const allot_traceback_t *traceback, size_t number)
{
	return number < traceback->count ? &traceback->frames[number] : NULL;
}

enum allot_stack_end allot_traceback_end(const allot_traceback_t *traceback)
{
	return traceback->end;
}

/* The frames from first to before end that a limit leaves. */
static void apply_limit(uint32_t count, int32_t limit, uint32_t *first, uint32_t *end)
{
	uint32_t length = limit < 0 ? (uint32_t) - (int64_t)limit : (uint32_t)limit;

	if (length > count)
		length = count;
	*first = limit < 0 ? length : 0;
	*end = limit < 0 ? count : length;
}

char *allot_traceback_format(const allot_traceback_t *traceback, int32_t limit, bool most_recent_first)
{
	uint64_t since_ns = traceback->snapshot->snapshot->start_time_ns;
	uint32_t first, end;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	apply_limit(traceback->count, limit, &first, &end);
	for (uint32_t i = first; i < end; i++)
		allotp_put_frame(out, 0, &traceback->frames[most_recent_first ? i : end - 1 - (i - first)], since_ns);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
