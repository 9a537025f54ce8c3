/* SPDX-License-Identifier: MIT */
/* Stacks of a snapshot as the gate looks at them: source-level frames with their folded names, each symbol's made once. */
#ifndef ALLOT_GATE_TRACE_H
#define ALLOT_GATE_TRACE_H

#include "report/backtrace.h"
#include "report/hash.h"

struct allot_trace_frame {
	const char *path;            /* of the module; "" if in none */
	const char *function, *file; /* NULL: not known */
	uint32_t line;               /* 0: not known */
	char *module, *name;         /* path and function, folded (gate/fold.h); name: NULL if not known */
};

/* From the frame that a person would call the allocation's own on; innermost first. Starts all zero. */
struct allot_trace {
	const struct allot_trace_frame **frames;
	uint32_t count, room;
};

struct allot_traced {
	const struct allot_symbol *symbol;
	struct allot_trace_frame *frames; /* as many as the symbol has */
};

struct allot_tracer {
	const struct allot_view *view;
	struct allot_traced *traced; /* [0] is unused */
	uint32_t count, room;
	struct allot_hash table;
};

/* The view must outlive the tracer, and the tracer the frames that it gives. */
void allotp_tracer_init(struct allot_tracer *tracer, const struct allot_view *view);
void allotp_tracer_release(struct allot_tracer *tracer);

/* Makes *trace the frames of a stack, a node of the snapshot. Returns 0 or -ENOMEM. */
int allotp_tracer_trace(struct allot_tracer *tracer, uint32_t stack, struct allot_trace *trace);
void allotp_trace_release(struct allot_trace *trace);

#endif
