/* SPDX-License-Identifier: MIT */
/* Remembers which mappings are executable. */
#include "unwind/code.h"

#include <errno.h>

#include "common/mapping.h"

/* How often a mapping is taken for data before it is looked at again. */
#define DATA_ASKED 1024

int allotp_code_at(struct allotp_code *code, uint64_t address)
{
	struct allotp_code_range *range = NULL;
	struct allot_mapping mapping;

	for (unsigned i = 0; i < ALLOTP_CODE_RANGES && !range; i++)
		if (address >= code->ranges[i].low && address < code->ranges[i].high)
			range = &code->ranges[i];
	if (range && (range->executable || ++range->asked < DATA_ASKED))
		return range->executable;
	if (allotp_mapping_find(address, &mapping, NULL, 0) != 0)
		return -EAGAIN;
	if (!range)
		range = &code->ranges[code->next++ % ALLOTP_CODE_RANGES];
	*range = (struct allotp_code_range){ .low = mapping.start,
					     .high = mapping.end,
					     .executable = mapping.executable };
	return mapping.executable;
}
