/* SPDX-License-Identifier: MIT */
/* Frames of a stack as text, as CPython's Traceback.format. */
#include "report/frame-text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/label.h"
#include "report/print.h"
#include "report/source.h"

enum { NARROWEST_NAME = 24 }; /* that a terminal makes of a long name */

size_t allotp_room(unsigned width, size_t taken)
{
	if (!width)
		return 0;
	return width > taken + NARROWEST_NAME ? width - taken : NARROWEST_NAME;
}

struct allot_traceback_frame allotp_traceback_frame(const struct allot_snapshot *snapshot,
						    const struct allot_symbol *symbol, const struct allot_frame *frame)
{
	return (struct allot_traceback_frame){
		.function = frame->function,
		.file = frame->file,
		.line = frame->line,
		.inlined = frame->inlined,
		.address = allotp_symbol_offset(snapshot, symbol),
		.module = symbol->module ? &snapshot->modules[symbol->module] : NULL,
	};
}

void allotp_put_source(FILE *out, unsigned width, const char *file, uint32_t line, uint64_t since_ns)
{
	static const char newer_text[] = "  [the file is newer than the run]";
	size_t limit = allotp_room(width, strlen("    "));
	bool newer = false;
	char *text;

	if (!file)
		return;
	text = allotp_source_line(file, line, since_ns, &newer);
	if (!text)
		return;
	if (limit && strlen(text) > limit)
		strcpy(text + limit - 3, "...");
	fputs("    ", out);
	allotp_put(out, text);
	fprintf(out, "%s\n", newer ? newer_text : "");
	free(text);
}

void allotp_put_frame(FILE *out, unsigned width, const struct allot_traceback_frame *frame, uint64_t since_ns)
{
	fputs("  ", out);
	if (frame->file) {
		fputs("File \"", out);
		allotp_put(out, frame->file);
		fprintf(out, "\", line %" PRIu32, frame->line);
	} else {
		if (frame->module) {
			allotp_put(out, allotp_base_name(frame->module->path));
			putc('+', out);
		}
		fprintf(out, "0x%" PRIx64, frame->address);
	}
	if (frame->function) {
		fputs(", in ", out);
		allotp_put_function(out, frame->function, allotp_room(width, strlen("    ")));
	}
	fputs(frame->inlined ? " [inlined]\n" : "\n", out);
	allotp_put_source(out, width, frame->file, frame->line, since_ns);
}

bool allotp_frame_is_start(const struct allot_frame *frame)
{
	static const char *const names[] = { "_start", "start_thread", "clone", "clone3", "__clone3" };

	for (size_t i = 0; frame->function && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(frame->function, names[i]))
			return true;
	return frame->function && !strncmp(frame->function, "__libc_start", strlen("__libc_start"));
}
