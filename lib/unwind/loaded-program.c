/* SPDX-License-Identifier: MIT */
/* How far a file's segments reach; and the program's own, which the kernel tells. */
#include <stddef.h>
#include <sys/auxv.h>

#include "unwind/loaded.h"
#include "unwind/memory.h"

bool allotp_loaded_span(const ElfW(Phdr) * headers, size_t count, uint64_t *low, uint64_t *high)
{
	uint64_t first = UINT64_MAX, end = 0;

	for (size_t i = 0; i < count; i++) {
		if (headers[i].p_type != PT_LOAD)
			continue;
		if (headers[i].p_vaddr < first)
			first = headers[i].p_vaddr;
		if (headers[i].p_vaddr + headers[i].p_memsz > end)
			end = headers[i].p_vaddr + headers[i].p_memsz;
	}
	if (first >= end)
		return false;
	*low = first & ~(ALLOTP_PAGE - 1);
	*high = end;
	return true;
}

void allotp_loaded_program(uint64_t bias, uint64_t *start, uint64_t *end)
{
	const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
	uint64_t low, high;

	if (!allotp_loaded_span(headers, headers ? getauxval(AT_PHNUM) : 0, &low, &high))
		return;
	*start = bias + low;
	*end = bias + high;
}
