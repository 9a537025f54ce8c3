/* SPDX-License-Identifier: MIT */
/* What suppressions have met, told. */
#ifndef ALLOT_LEAKS_SUPPRESSED_H
#define ALLOT_LEAKS_SUPPRESSED_H

#include <jansson.h>
#include <stdio.h>

#include "gate/suppression.h"

/* A line for each: how much it has met, or that it has met nothing. NULL: there are none. */
void allotp_leaks_write_suppressions(FILE *out, const struct allot_suppressions *set);
/* The same as an array. NULL: out of memory. */
json_t *allotp_leaks_json_suppressions(const struct allot_suppressions *set);

#endif
