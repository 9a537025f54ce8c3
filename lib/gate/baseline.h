/* SPDX-License-Identifier: MIT */
/* Suppressions for the leaks that are there now, as narrow as can be. */
#ifndef ALLOT_GATE_BASELINE_H
#define ALLOT_GATE_BASELINE_H

#include <stdio.h>

#include "gate/verdict.h"

/*
 * Writes a suppression for each call site of the new snapshot that leaks and is not suppressed: the innermost functions of its
 * stack, and what it leaks as the limits. Call sites that differ further out share one. *count: how many. Returns 0 or
 * -ENOMEM; errors of the stream are left for its owner to see.
 */
int allotp_baseline_write(FILE *out, struct allot_verdict *verdict, uint32_t *count);

#endif
