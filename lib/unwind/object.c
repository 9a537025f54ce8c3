/* SPDX-License-Identifier: MIT */
/* Asks the loader, without its lock, or the caller's table for the loaded file at an address. */
#include "unwind/object.h"

#include "unwind/memory.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

static allotp_object_finder *own_finder;

void allotp_object_program(uint64_t bias, uint64_t *start, uint64_t *end)
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

#ifdef DLFO_STRUCT_HAS_EH_DBASE /* the C library's headers have _dl_find_object */
/* Weak, so that what is built here runs on an older glibc too. */
extern __typeof__(_dl_find_object) _dl_find_object __attribute__((weak));

static int find_mapping(uint64_t address, struct allotp_object *object)
{
	struct dl_find_object found;

	if (!_dl_find_object)
		return own_finder ? own_finder(address, object) : -ENOENT;
	if (_dl_find_object((void *)(uintptr_t)address, &found) != 0)
		return -ENOENT;
	object->start = (uintptr_t)found.dlfo_map_start;
	object->end = (uintptr_t)found.dlfo_map_end;
	object->eh_frame_hdr = (uintptr_t)found.dlfo_eh_frame;
	if (object->eh_frame_hdr != 0 && (object->eh_frame_hdr < object->start || object->eh_frame_hdr >= object->end))
		allotp_object_program(found.dlfo_link_map->l_addr, &object->start, &object->end);
	return 0;
}
#else
static int find_mapping(uint64_t address, struct allotp_object *object)
{
	return own_finder ? own_finder(address, object) : -ENOENT;
}
#endif

void allotp_object_set_finder(allotp_object_finder *finder)
{
	own_finder = finder;
}

/*
 * The program headers say which segment holds .eh_frame_hdr. Where they are not in the first page (patchelf
 * moves them to the end), pages are probed one by one instead.
 */
static void find_segment(struct allotp_object *object)
{
	const ElfW(Ehdr) *file = (const void *)(uintptr_t)object->start;
	const ElfW(Phdr) * headers;
	uint64_t base = 0;

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
		if (base == 0)
			base = object->start - (segment->p_vaddr & ~(ALLOTP_PAGE - 1));
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
	struct allotp_object object = { .start = 0 };
	int error = find_mapping(address, &object);

	if (error)
		return error;
	if (object.eh_frame_hdr != 0)
		find_segment(&object);
	*out = object;
	return 0;
}

bool allotp_object_known(uint64_t address)
{
	struct allotp_object object;

	return find_mapping(address, &object) == 0;
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
