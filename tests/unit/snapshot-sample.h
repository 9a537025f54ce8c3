/* SPDX-License-Identifier: MIT */
/* Snapshots for tests: made up from a seed, and compared field by field. */
#ifndef ALLOT_TESTS_SNAPSHOT_SAMPLE_H
#define ALLOT_TESTS_SNAPSHOT_SAMPLE_H

#include "snapshot/snapshot.h"

/* A snapshot with something in every field, the same for the same arguments; about `scale` sites. Never NULL. */
struct allot_snapshot *sample_snapshot(uint64_t seed, uint32_t scale);

/* NULL if both say the same, or the name of the first field that differs. */
const char *sample_difference(const struct allot_snapshot *a, const struct allot_snapshot *b);

/* Whether a snapshot comes back the same from its own payload. */
bool sample_survives(const struct allot_snapshot *snapshot);

/* The next of a row of numbers that looks random, the same on every machine. */
uint64_t sample_next(uint64_t *state);

#endif
