/* SPDX-License-Identifier: MIT */
/* What `allot run` reads for its report while the program still runs. */
#ifndef ALLOT_CLI_FORESIGHT_H
#define ALLOT_CLI_FORESIGHT_H

#include "read/reader.h"
#include "symbol/ahead.h"

struct allot_foresight {
	struct allot_ahead ahead;
	uint32_t modules; /* that were looked at, of the program's */
};

/* Reads the names of one more module that the program's stacks lie in, if there is one. Takes some 50 ms at most. */
void allotp_foresee(struct allot_foresight *foresight, const struct allot_reader *reader);

#endif
