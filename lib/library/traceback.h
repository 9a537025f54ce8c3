/* SPDX-License-Identifier: MIT */
/* Stacks as the public interface gives them out. */
#ifndef ALLOT_LIBRARY_TRACEBACK_H
#define ALLOT_LIBRARY_TRACEBACK_H

#include "library/handle.h"

/*
 * The frames from a place in a stack on, with the view of the handle, which is locked by the caller. Returns 0 and *out, or
 * -ENOMEM.
 */
int allotp_traceback_new(const allot_snapshot_t *handle, const struct allot_view *view, struct allot_backtrace from,
			 allot_traceback_t **out);

#endif
