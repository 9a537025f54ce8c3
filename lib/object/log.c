/* SPDX-License-Identifier: MIT */
/* What the library says: lines for the log of a heap, and the last words before it aborts. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/sys.h"
#include "object/heap.h"
#include "object/origin.h"

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

/* By symbol and offset, which addr2line understands; names of lines need debug information that is not read here. */
static void write_frame(const void *address)
{
	char line[512];
	Dl_info info;

	if (dladdr((const char *)address - 1, &info) && info.dli_fname) {
		size_t offset = (size_t)((const char *)address - (const char *)info.dli_fbase);

		if (info.dli_sname)
			snprintf(line, sizeof(line), "allot:     %s (%s+0x%zx)\n", info.dli_sname, info.dli_fname,
				 offset);
		else
			snprintf(line, sizeof(line), "allot:     %s+0x%zx\n", info.dli_fname, offset);
	} else {
		snprintf(line, sizeof(line), "allot:     %p\n", address);
	}
	write_error(line);
}

void allotp_fault(const struct allot_object *object, const char *what)
{
	int32_t refs = allotp_refs(object);
	const char *name = object->type && object->type->name ? object->type->name : "?";
	void *frames[FRAMES];
	char line[512];
	int count;

	if (refs == ALLOTP_REFS_DEAD)
		snprintf(line, sizeof(line), "allot: %s: object %p of type '%s', which is dead\n", what,
			 (const void *)object, name);
	else
		snprintf(line, sizeof(line), "allot: %s: object %p of type '%s', reference count %d\n", what,
			 (const void *)object, name, refs);
	write_error(line);
	count = allotp_origin_find(object, frames, FRAMES);
	if (count > 0)
		write_error("allot: it was made here:\n");
	for (int i = 0; i < count; i++)
		write_frame(frames[i]);
	abort();
}
