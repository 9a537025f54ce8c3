/* SPDX-License-Identifier: MIT */
/* What a program says to its tracer: the table of include/allot/trace.h. */
#define ALLOT_TRACE_TYPES_ONLY
#include "allot/trace.h"
#include "preload/config.h"
#include "preload/export.h"
#include "preload/state.h"

int allot_is_tracing(void);
int allot_get_traceback_limit(void);

ALLOT_EXPORT int allot_is_tracing(void)
{
	return allotp_recording();
}

ALLOT_EXPORT int allot_get_traceback_limit(void)
{
	return allotp_config.depth_limit ? (int)allotp_config.depth_limit : ALLOT_FULL_STACK;
}

ALLOT_EXPORT_DATA const struct allot_api allot_api = {
	.size = sizeof(struct allot_api),
	.is_tracing = allot_is_tracing,
	.get_traceback_limit = allot_get_traceback_limit,
};
