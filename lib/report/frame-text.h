/* SPDX-License-Identifier: MIT */
/* Frames of a stack as text, as CPython's Traceback.format. */
#ifndef ALLOT_REPORT_FRAME_TEXT_H
#define ALLOT_REPORT_FRAME_TEXT_H

#include <stdio.h>

#include "report/backtrace.h"

/* Columns of a terminal left for a name on a line that has `taken` others; 0: any number, as when width is 0. */
size_t allotp_room(unsigned width, size_t taken);

/* The public form of a frame; what it points to is the symbol's and the snapshot's. */
struct allot_traceback_frame allotp_traceback_frame(const struct allot_snapshot *snapshot,
						    const struct allot_symbol *symbol, const struct allot_frame *frame);

/* Whether it is what calls main() and threads, of no use to anybody. */
bool allotp_frame_is_start(const struct allot_frame *frame);

/*
 * Writes `    ` and the line of the source, cut to the width, if there is one. Says so if the file is newer than since_ns
 * (CLOCK_REALTIME; 0: not known).
 */
void allotp_put_source(FILE *out, unsigned width, const char *file, uint32_t line, uint64_t since_ns);

/* Writes `  File "F", line N, in FUNCTION [inlined]`, or `  MODULE+0xOFFSET …`, and the source below. */
void allotp_put_frame(FILE *out, unsigned width, const struct allot_traceback_frame *frame, uint64_t since_ns);

#endif
