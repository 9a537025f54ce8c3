/* SPDX-License-Identifier: MIT */
/*
 * Finds libraries that call past the hooks, by what the loader has put into their tables of addresses. It is too late to see
 * what they have allocated, but the reader learns whose blocks are missing.
 */
#include "preload/bypass.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "preload/real.h"
#include "preload/state.h"

/* A loaded file that is looked at. */
struct file {
	const struct dl_phdr_info *info;
	uint64_t start, end;
};

/* What goes into the note. */
struct found {
	char text[1024];
	size_t size;
	unsigned int count; /* files */
};

static bool holds(const struct file *file, const void *address)
{
	return (uintptr_t)address >= file->start && (uintptr_t)address < file->end;
}

static bool is_real(uint64_t address)
{
	return address != 0 && (address == (uintptr_t)allotp_real.malloc || address == (uintptr_t)allotp_real.calloc ||
				address == (uintptr_t)allotp_real.realloc || address == (uintptr_t)allotp_real.free);
}

/* Most loaders put addresses into the dynamic section where the file has offsets. */
static uint64_t moved(const struct file *file, uint64_t address)
{
	return address < file->info->dlpi_addr ? address + file->info->dlpi_addr : address;
}

/* Whether something there that was looked up by name is a real function. */
static bool has_real(const struct file *file, uint64_t table, uint64_t size)
{
	const ElfW(Rela) *entries = (const void *)(uintptr_t)moved(file, table);

	for (size_t i = 0; table != 0 && i < size / sizeof(*entries); i++) {
		const uint64_t *slot = (const void *)(uintptr_t)(file->info->dlpi_addr + entries[i].r_offset);

		/* The upper half is the symbol; where there is none, nothing was looked up. */
		if (entries[i].r_info >> 32 != 0 && holds(file, slot) && (uintptr_t)slot % sizeof(*slot) == 0 &&
		    is_real(*slot))
			return true;
	}
	return false;
}

static bool is_bypassing(const struct file *file, const ElfW(Dyn) * dynamic)
{
	uint64_t rela = 0, rela_size = 0, plt = 0, plt_size = 0, kind = DT_RELA;

	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		switch (dynamic->d_tag) {
		case DT_RELA:
			rela = dynamic->d_un.d_ptr;
			break;
		case DT_RELASZ:
			rela_size = dynamic->d_un.d_val;
			break;
		case DT_JMPREL:
			plt = dynamic->d_un.d_ptr;
			break;
		case DT_PLTRELSZ:
			plt_size = dynamic->d_un.d_val;
			break;
		case DT_PLTREL:
			kind = dynamic->d_un.d_val;
			break;
		}
	}
	return kind == DT_RELA && (has_real(file, plt, plt_size) || has_real(file, rela, rela_size));
}

static void add(struct found *found, const char *text)
{
	size_t size = strlen(text), room = sizeof(found->text) - found->size;

	if (size > room)
		size = room;
	memcpy(found->text + found->size, text, size);
	found->size += size;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *data)
{
	struct file file = { .info = info, .start = UINT64_MAX };
	const ElfW(Dyn) *dynamic = NULL;
	struct found *found = data;

	(void)size;
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_DYNAMIC)
			dynamic = (const void *)(uintptr_t)start;
		if (header->p_type != PT_LOAD)
			continue;
		file.start = start < file.start ? start : file.start;
		file.end = start + header->p_memsz > file.end ? start + header->p_memsz : file.end;
	}
	/* The real allocator and this library may. */
	if (!dynamic || holds(&file, (const void *)(uintptr_t)allotp_real.malloc) || holds(&file, &allotp_state) ||
	    !is_bypassing(&file, dynamic))
		return 0;
	if (found->count++ > 0)
		add(found, ", ");
	add(found, info->dlpi_name && info->dlpi_name[0] ? info->dlpi_name : "the program");
	return 0;
}

void allotp_bypass_note(void)
{
	struct allot_header *header = allotp_state.store.header;
	struct found found = { .size = 0 };

	if (!allotp_recording() || allotp_state.store.quiet || header->note != 0)
		return;
	dl_iterate_phdr(look_at, &found);
	if (found.count == 0)
		return;
	/* Room for that is kept. */
	if (found.size > sizeof(found.text) - 100)
		found.size = sizeof(found.text) - 100;
	add(&found, found.count == 1 ? " calls" : " call");
	add(&found, " the real malloc or free (opened with RTLD_DEEPBIND?): those calls were not seen");
	header->note = allotp_store_string(&allotp_state.store, found.text, found.size);
}
