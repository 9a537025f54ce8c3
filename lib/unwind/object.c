/* SPDX-License-Identifier: MIT */
/* Finds the part of a loaded file with its unwind data, and what of it can be read. */
#include "unwind/object.h"

#include "unwind/loaded.h"
#include "unwind/memory.h"
#include "unwind/registered.h"

#include <elf.h>
#include <link.h>
#include <string.h>

/*
 * The program headers say which segment holds .eh_frame_hdr. Where they are not in the first page (patchelf
 * moves them to the end), pages are probed one by one instead.
 */
static void find_segment(struct allotp_object *object)
{
	const ElfW(Ehdr) *file = (const void *)(uintptr_t)object->start;
	const ElfW(Phdr) * headers;
	bool first = true;
	uint64_t base = 0; /* that of a program that is linked to its addresses, too */

	if (object->end - object->start < ALLOTP_PAGE || memcmp(file->e_ident, ELFMAG, SELFMAG) != 0 ||
	    file->e_phentsize != sizeof(*headers) || file->e_phoff > ALLOTP_PAGE || file->e_phoff % 8 != 0 ||
	    file->e_phnum > (ALLOTP_PAGE - file->e_phoff) / sizeof(*headers))
		return;
	headers = (const void *)((const char *)file + file->e_phoff);
	for (unsigned i = 0; i < file->e_phnum; i++) {
		const ElfW(Phdr) *segment = &headers[i];
		uint64_t low, high;

		if (segment->p_type != PT_LOAD)
			continue;
		if (first)
			base = object->start - (segment->p_vaddr & ~(ALLOTP_PAGE - 1));
		first = false;
		low = base + segment->p_vaddr;
		high = low + segment->p_filesz;
		if ((segment->p_flags & PF_R) && low >= object->start && high <= object->end && low < high &&
		    object->eh_frame_hdr >= low && object->eh_frame_hdr < high) {
			object->low = low;
			object->high = high;
			return;
		}
	}
}

int allotp_object_find(uint64_t address, struct allotp_object *out)
{
	struct allotp_loaded loaded;
	int error = allotp_loaded_find(address, &loaded);

	if (error)
		return allotp_registered_find(address, out);
	*out = (struct allotp_object){ .start = loaded.start, .end = loaded.end, .eh_frame_hdr = loaded.eh_frame_hdr };
	if (out->eh_frame_hdr != 0)
		find_segment(out);
	return 0;
}

bool allotp_object_known(uint64_t address)
{
	struct allotp_loaded loaded;

	return allotp_loaded_find(address, &loaded) == 0;
}

bool allotp_object_readable(const struct allotp_object *object, uint64_t address, uint64_t size)
{
	if (address >= object->low && address < object->high && size <= object->high - address)
		return true;
	if (address < object->start || address >= object->end || size > object->end - address)
		return false;
	for (uint64_t page = address & ~(ALLOTP_PAGE - 1); page < address + size; page += ALLOTP_PAGE)
		if (!allotp_memory_probe(page))
			return false;
	return true;
}
