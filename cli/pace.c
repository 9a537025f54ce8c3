/* SPDX-License-Identifier: MIT */
/* How often a traced program's events are drained, and how often somebody looks whether processes have come or gone. */
#include "pace.h"

void allotp_pace_drained(struct allot_pace *pace, uint64_t applied)
{
	if (!applied)
		pace->pause = pace->pause < ALLOT_PACE_SELDOM / 2 ? 2 * pace->pause + 1 : ALLOT_PACE_SELDOM;
	else if (applied >= ALLOT_PACE_MANY)
		pace->pause = 0;
	else if (!pace->pause || pace->pause > ALLOT_PACE_OFTEN)
		pace->pause = 1;
	else if (applied < ALLOT_PACE_ENOUGH && pace->pause < ALLOT_PACE_OFTEN)
		pace->pause++;
	else if (applied >= ALLOT_PACE_ENOUGH && pace->pause > 1)
		pace->pause--;
}

bool allotp_pace_look(struct allot_pace *pace, uint64_t now)
{
	if (now < pace->next_look)
		return false;
	pace->next_look = now + ALLOT_PACE_LOOK_NS;
	return true;
}
