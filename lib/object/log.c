/* SPDX-License-Identifier: MIT */
/* What the library says: lines for the log of a heap, and the last words before it aborts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/sys.h"
#include "object/heap.h"
#include "object/origin.h"
#include "object/symbolizer.h"

#define FRAMES 16

static void write_error(const char *line)
{
	allotp_sys_write(STDERR_FILENO, line, strlen(line));
}

void allotp_log(struct allot_heap *heap, const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	strcat(line, "\n");
	if (heap->log)
		heap->log(line, heap->log_data);
	else
		write_error(line);
}

void allot_heap_set_log(struct allot_heap *heap, allot_log *log, void *data)
{
	heap = allotp_heap(heap);
	heap->log = log;
	heap->log_data = data;
}

/* Each line on its own, as those of the program's other threads may come between. */
static void write_lines(char *text)
{
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		char whole[1024];

		*end = 0;
		snprintf(whole, sizeof(whole), "allot:     %.1000s\n", line);
		write_error(whole);
	}
}

static void write_stack(const struct allot_object *object)
{
	struct allotp_symbolizer symbolizer = { 0 };
	void *frames[FRAMES];
	int count = allotp_origin_find(object, frames, FRAMES);

	if (count > 0)
		write_error("allot: it was made here:\n");
	for (int i = 0; i < count; i++) {
		char text[4096];

		allotp_symbolize(&symbolizer, frames[i], text, sizeof(text));
		write_lines(text);
	}
	allotp_symbolizer_end(&symbolizer);
}

void allotp_fault(const struct allot_object *object, const char *what)
{
	int32_t refs = allotp_refs(object);
	const char *name = object->type && object->type->name ? object->type->name : "?";
	char line[512];

	if (refs == ALLOTP_REFS_DEAD)
		snprintf(line, sizeof(line), "allot: %s: object %p of type '%s', which is dead\n", what,
			 (const void *)object, name);
	else
		snprintf(line, sizeof(line), "allot: %s: object %p of type '%s', reference count %d\n", what,
			 (const void *)object, name, refs);
	write_error(line);
	write_stack(object);
	abort();
}
