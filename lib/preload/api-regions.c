/* SPDX-License-Identifier: MIT */
/* What a program says to its tracer about what it is just doing: regions and marks. */
#include "preload/api.h"
#include "preload/export.h"
#include "preload/record.h"
#include "preload/scopes.h"
#include "preload/state.h"
#include "preload/thread.h"
#include "store/scope.h"

ALLOT_EXPORT unsigned long long allot_region_begin(const char *name)
{
	const struct allot_scope_place place = { .start = ALLOTP_WALK_START() };

	return allotp_scopes_enter(name, &place);
}

ALLOT_EXPORT void allot_region_end(unsigned long long region)
{
	allotp_scopes_leave(region);
}

unsigned long long allotp_api_region_enter(const char *name, void *guard, const void *frame)
{
	const struct allot_scope_place place = { .guard = guard, .frame = frame, .start = ALLOTP_WALK_START() };

	return allotp_scopes_enter(name, &place);
}

ALLOT_EXPORT int allot_mark(const char *name)
{
	struct allot_context *context = allotp_enter();
	uint32_t number;
	int result;

	if (!context)
		return ALLOT_NOT_TRACING;
	number = name ? allotp_name_of(&allotp_state.store, name) : 0;
	if (number)
		result = allotp_record_note(context, ALLOT_OP_MARK, number) ? 0 : -ENOSPC;
	else
		result = name && *name ? -ENOSPC : -EINVAL;
	allotp_leave();
	return result;
}
