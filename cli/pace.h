/* SPDX-License-Identifier: MIT */
/* How often a traced program's events are drained, and how often somebody looks whether processes have come or gone. */
#ifndef ALLOT_PACE_H
#define ALLOT_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ALLOT_PACE_MANY = 16384,  /* events at once: as many may have come meanwhile */
	ALLOT_PACE_ENOUGH = 8192, /* events that are worth a drain: the more at once, the less each takes */
	ALLOT_PACE_OFTEN = 4,     /* milliseconds between drains that find less, at most, */
	ALLOT_PACE_SELDOM = 50,   /* and between those that find nothing */
};

#define ALLOT_PACE_LOOK_NS 50000000

struct allot_pace {
	int pause;          /* milliseconds until the next drain */
	uint64_t next_look; /* by the clock of allotp_pace_look; 0: at once */
};

/* What a program that has just begun gets. */
#define ALLOT_PACE_START ((struct allot_pace){ .pause = 1 })

/*
 * A drain has applied so many events: after many there is no pause, after the first ones for long the shortest; it grows while they
 * are not enough, and doubles while there are none.
 */
void allotp_pace_drained(struct allot_pace *pace, uint64_t applied);

/* Whether it is time to look for processes, in nanoseconds of any clock that does not go back. If so, the next look is later. */
bool allotp_pace_look(struct allot_pace *pace, uint64_t now);

#endif
