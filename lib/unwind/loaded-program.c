/* SPDX-License-Identifier: MIT */
/* The program's own extent, which the kernel tells. */
#include <link.h>
#include <stddef.h>
#include <sys/auxv.h>

#include "unwind/loaded.h"
#include "unwind/memory.h"

void allotp_loaded_program(uint64_t bias, uint64_t *start, uint64_t *end)
{
	const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
	size_t count = headers ? getauxval(AT_PHNUM) : 0;
	uint64_t low = UINT64_MAX, high = 0;

	for (size_t i = 0; i < count; i++) {
		if (headers[i].p_type != PT_LOAD)
			continue;
		if (headers[i].p_vaddr < low)
			low = headers[i].p_vaddr;
		if (headers[i].p_vaddr + headers[i].p_memsz > high)
			high = headers[i].p_vaddr + headers[i].p_memsz;
	}
	if (low < high) {
		*start = (bias + low) & ~(ALLOTP_PAGE - 1);
		*end = bias + high;
	}
}
