/* SPDX-License-Identifier: MIT */
/* A stack of a snapshot as source-level frames, innermost first, inlined ones included. */
#include "report/backtrace.h"

#include <errno.h>

int allotp_backtrace_origin(const struct allot_view *view, uint32_t stack, uint32_t *origin)
{
	uint32_t last = stack;

	for (uint32_t node = stack; node >= ALLOT_NODE_FIRST; node = view->snapshot->nodes[node].parent) {
		const struct allot_symbol *symbol = allotp_resolve(view->resolver, node);

		if (!symbol)
			return -ENOMEM;
		last = node;
		if (!allotp_symbol_is_allocator(view->resolver, symbol))
			break;
	}
	*origin = last;
	return 0;
}

int allotp_backtrace_next(struct allot_backtrace *backtrace, const struct allot_view *view,
			  const struct allot_frame **frame)
{
	const struct allot_symbol *symbol;

	if (backtrace->node < ALLOT_NODE_FIRST)
		return 0;
	symbol = allotp_resolve(view->resolver, backtrace->node);
	if (!symbol)
		return -ENOMEM;
	backtrace->symbol = symbol;
	*frame = &symbol->frames[backtrace->frame];
	if (++backtrace->frame >= symbol->frame_count) {
		backtrace->frame = 0;
		backtrace->node = view->snapshot->nodes[backtrace->node].parent;
	}
	return 1;
}
