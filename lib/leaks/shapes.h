/* SPDX-License-Identifier: MIT */
/* The cycles of lost blocks as people see them: by the places that blocks come from, whoever called those. */
#ifndef ALLOT_LEAKS_SHAPES_H
#define ALLOT_LEAKS_SHAPES_H

#include "leaks/cycles.h"
#include "report/backtrace.h"

/* As allotp_cycles_find, but sites whose frames have one name are one; the first stands for all. */
int allotp_shapes_find(const struct allot_view *view, struct allot_cycles *cycles);

#endif
