/* SPDX-License-Identifier: MIT */
/*
 * Finds libraries that call past the hooks, by what the loader has put into their tables of addresses. It is too late to see
 * what they have allocated, but the reader learns whose blocks are missing. Another thread may close a library meanwhile, and
 * the loader's lock is not asked for: so all is read through /proc/self/mem, which fails where nothing is any more.
 */
#include "preload/bypass.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>

#include "common/mapping.h"
#include "common/sys.h"
#include "preload/real.h"
#include "preload/state.h"
#include "unwind/loaded.h"

enum { PAGE = 4096, NAME = 512, TEXT = 1024, TEXT_END = 100 };

/* The page that was read last. */
struct window {
	uint64_t page; /* 0: none */
	uint64_t words[PAGE / sizeof(uint64_t)];
};

/* Not on the stack, which may be small: the process ends once. */
static struct search {
	int memory;    /* /proc/self/mem */
	uint64_t last; /* where the last file begins */
	struct window tables, slots;
	char path[NAME]; /* of the mapping */
	char text[TEXT]; /* of the note */
	size_t size;
	unsigned int count; /* files in it */
} search;

static bool read_all(uint64_t address, void *buffer, size_t size)
{
	return ALLOTP_SYSCALL(SYS_pread64, search.memory, buffer, size, address) == (long)size;
}

/* Reads a word that does not cross pages; addresses are mostly in order. */
static bool read_word(struct window *window, uint64_t address, uint64_t *out)
{
	uint64_t page = address & ~(uint64_t)(PAGE - 1);

	if (address % sizeof(*out) != 0)
		return false;
	if (page != window->page) {
		window->page = 0;
		if (!read_all(page, window->words, PAGE))
			return false;
		window->page = page;
	}
	*out = window->words[address % PAGE / sizeof(*out)];
	return true;
}

static bool is_real(uint64_t address)
{
	return address != 0 && (address == (uintptr_t)allotp_real.malloc || address == (uintptr_t)allotp_real.calloc ||
				address == (uintptr_t)allotp_real.realloc || address == (uintptr_t)allotp_real.free);
}

static bool holds(const struct allotp_loaded *file, uint64_t address)
{
	return address >= file->start && address < file->end;
}

/* Most loaders put addresses into the dynamic section where the file has offsets. */
static uint64_t moved(const struct allotp_loaded *file, uint64_t address)
{
	return address < file->bias ? address + file->bias : address;
}

/* Whether something there that was looked up by name is a real function. */
static bool has_real(const struct allotp_loaded *file, uint64_t table, uint64_t size)
{
	uint64_t at = moved(file, table), end = at + size, offset, info, value;

	if (table == 0 || !holds(file, at) || size > file->end - at)
		return false;
	for (; end - at >= sizeof(ElfW(Rela)); at += sizeof(ElfW(Rela))) {
		if (!read_word(&search.tables, at + offsetof(ElfW(Rela), r_offset), &offset) ||
		    !read_word(&search.tables, at + offsetof(ElfW(Rela), r_info), &info))
			return false;
		/* The upper half is the symbol; where there is none, nothing was looked up. */
		if (info >> 32 != 0 && read_word(&search.slots, file->bias + offset, &value) && is_real(value))
			return true;
	}
	return false;
}

/* The dynamic section; 0: there is none. */
static uint64_t find_dynamic(const struct allotp_loaded *file)
{
	ElfW(Phdr) header;
	ElfW(Ehdr) elf;

	if (!read_all(file->start, &elf, sizeof(elf)) || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf.e_phentsize != sizeof(header))
		return 0;
	for (unsigned int i = 0; i < elf.e_phnum; i++) {
		if (!read_all(file->start + elf.e_phoff + i * sizeof(header), &header, sizeof(header)))
			return 0;
		if (header.p_type == PT_DYNAMIC)
			return file->bias + header.p_vaddr;
	}
	return 0;
}

static bool is_bypassing(const struct allotp_loaded *file)
{
	uint64_t at = find_dynamic(file), values[DT_JMPREL + 1] = { [DT_PLTREL] = DT_RELA }, tag, value;

	if (at == 0)
		return false;
	for (; read_word(&search.tables, at, &tag) && tag != DT_NULL; at += sizeof(ElfW(Dyn)))
		if (tag <= DT_JMPREL && read_word(&search.tables, at + sizeof(tag), &value))
			values[tag] = value;
	return values[DT_PLTREL] == DT_RELA && (has_real(file, values[DT_JMPREL], values[DT_PLTRELSZ]) ||
						has_real(file, values[DT_RELA], values[DT_RELASZ]));
}

static void add(const char *text, size_t size, size_t room)
{
	if (size > room - search.size)
		size = room - search.size;
	memcpy(search.text + search.size, text, size);
	search.size += size;
}

static bool visit(const struct allot_mapping *mapping, void *unused)
{
	struct allotp_loaded file;

	(void)unused;
	if (!mapping->executable || mapping->path_size == 0 || allotp_loaded_find(mapping->start, &file) != 0 ||
	    file.start == search.last)
		return false;
	search.last = file.start;
	/* The real allocator and this library may. */
	if (holds(&file, (uintptr_t)allotp_real.malloc) || holds(&file, (uintptr_t)&allotp_state) ||
	    !is_bypassing(&file))
		return false;
	if (search.count++ > 0)
		add(", ", 2, TEXT - TEXT_END);
	add(search.path, mapping->path_size, TEXT - TEXT_END);
	return false;
}

void allotp_bypass_note(void)
{
	static const char call[] = " the real malloc or free (opened with RTLD_DEEPBIND?): those calls were not seen";
	struct allot_header *header = allotp_state.store.header;

	if (!allotp_recording() || allotp_state.store.quiet || header->note != 0)
		return;
	search.memory = allotp_sys_openat(AT_FDCWD, "/proc/self/mem", O_RDONLY | O_CLOEXEC, 0);
	if (search.memory < 0)
		return;
	allotp_mapping_each(visit, NULL, search.path, sizeof(search.path));
	allotp_sys_close(search.memory);
	if (search.count == 0)
		return;
	add(search.count == 1 ? " calls" : " call", search.count == 1 ? 6 : 5, TEXT);
	add(call, sizeof(call) - 1, TEXT);
	header->note = allotp_store_string(&allotp_state.store, search.text, search.size);
}
