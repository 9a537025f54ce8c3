/* SPDX-License-Identifier: MIT */
/* How often a traced program's events are drained, and how often somebody looks whether processes have come or gone. */
#include "pace.h"

void allotp_pace_drained(struct allot_pace *pace, uint64_t applied)
{
	if (applied)
		pace->pause = applied >= ALLOT_PACE_MANY ? 0 : 1;
	else
		pace->pause = pace->pause < ALLOT_PACE_SELDOM / 2 ? 2 * pace->pause + 1 : ALLOT_PACE_SELDOM;
}

bool allotp_pace_look(struct allot_pace *pace, uint64_t now)
{
	if (now < pace->next_look)
		return false;
	pace->next_look = now + ALLOT_PACE_LOOK_NS;
	return true;
}
