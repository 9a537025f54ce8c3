/* SPDX-License-Identifier: MIT */
/*
 * The loaded files by /proc/self/maps and the headers that each has in memory. What was found is remembered in a table that is
 * only added to: entries die when their file is unloaded, and live again when it is back in its old place. Where two threads
 * add one file at the same time, it is there twice, which does no harm.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "common/mapping.h"
#include "unwind/loaded.h"
#include "unwind/memory.h"

enum { FILES = 1024, MISSES = 256 };

enum state { EMPTY, ALIVE, DEAD };

static struct entry {
	struct allotp_loaded loaded;
	uint32_t state; /* atomic: released when the rest is there */
} entries[FILES];

static uint32_t entry_count; /* those taken, which may be more than there are (atomic) */

/*
 * Pages that are in no file, in the upper bits, and in the lower how often that was the answer: now and then it is looked
 * up again (atomic).
 */
#define MISS_BITS 10

static uint64_t misses[MISSES];

static uint64_t *miss_of(uint64_t address)
{
	return &misses[(address / ALLOTP_PAGE * UINT64_C(0x9e3779b97f4a7c15)) >> 56];
}

static bool missed_before(uint64_t address)
{
	uint64_t *miss = miss_of(address), old = __atomic_load_n(miss, __ATOMIC_RELAXED);

	if (old >> MISS_BITS != address / ALLOTP_PAGE || !(~old & ((1 << MISS_BITS) - 1)))
		return false;
	__atomic_store_n(miss, old + 1, __ATOMIC_RELAXED);
	return true;
}

static uint32_t known_count(void)
{
	uint32_t count = __atomic_load_n(&entry_count, __ATOMIC_RELAXED);

	return count < FILES ? count : FILES;
}

static bool holds(const struct allotp_loaded *loaded, uint64_t address)
{
	return address >= loaded->start && address < loaded->end;
}

static bool recall(uint64_t address, struct allotp_loaded *out)
{
	for (uint32_t i = 0; i < known_count(); i++) {
		if (__atomic_load_n(&entries[i].state, __ATOMIC_ACQUIRE) != ALIVE ||
		    !holds(&entries[i].loaded, address))
			continue;
		*out = entries[i].loaded;
		return true;
	}
	return false;
}

static bool same(const struct allotp_loaded *a, const struct allotp_loaded *b)
{
	return a->start == b->start && a->end == b->end && a->identity == b->identity;
}

static void remember(const struct allotp_loaded *loaded)
{
	uint32_t number;

	for (uint32_t i = 0; i < known_count(); i++) {
		uint32_t dead = DEAD;

		if (__atomic_load_n(&entries[i].state, __ATOMIC_ACQUIRE) == DEAD && same(&entries[i].loaded, loaded) &&
		    __atomic_compare_exchange_n(&entries[i].state, &dead, ALIVE, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return;
	}
	if (known_count() == FILES)
		return;
	number = __atomic_fetch_add(&entry_count, 1, __ATOMIC_RELAXED);
	if (number >= FILES)
		return;
	entries[number].loaded = *loaded;
	__atomic_store_n(&entries[number].state, ALIVE, __ATOMIC_RELEASE);
}

/* Fills in what the program headers say, but for the name; `start` is where the first segment begins. */
static void read_headers(const ElfW(Phdr) * headers, size_t count, uint64_t start, struct allotp_loaded *out)
{
	uint64_t low, high, eh_frame_hdr = 0;

	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_GNU_EH_FRAME)
			eh_frame_hdr = headers[i].p_vaddr;
	if (!allotp_loaded_span(headers, count, &low, &high))
		return;
	out->bias = start - low;
	out->start = start;
	out->end = out->bias + high;
	out->eh_frame_hdr = eh_frame_hdr ? out->bias + eh_frame_hdr : 0;
}

/* Whether an ELF file was loaded at `start`, and holds the address. */
static bool read_file(uint64_t start, uint64_t address, uint64_t identity, struct allotp_loaded *out)
{
	const ElfW(Ehdr) *file = (const void *)(uintptr_t)start;
	struct allotp_loaded loaded = { .identity = identity ^ start };

	if (start == 0 || !allotp_memory_probe(start) || memcmp(file->e_ident, ELFMAG, SELFMAG) != 0 ||
	    file->e_phentsize != sizeof(ElfW(Phdr)) || file->e_phoff % 8 != 0 || file->e_phoff > ALLOTP_PAGE ||
	    file->e_phnum > (ALLOTP_PAGE - file->e_phoff) / sizeof(ElfW(Phdr)))
		return false;
	read_headers((const void *)(start + file->e_phoff), file->e_phnum, start, &loaded);
	if (!holds(&loaded, address))
		return false;
	*out = loaded;
	return true;
}

/* The mappings of a file up to that of an address. */
struct search {
	uint64_t address;
	uint64_t file;   /* of the last mapping */
	uint64_t first;  /* where the first mapping of that file began, of those in a row */
	uint64_t latest; /* where the last one of its beginning did: a file may be there twice in a row */
	bool found;
};

static bool visit(const struct allot_mapping *mapping, void *data)
{
	struct search *search = data;

	if (mapping->path_size == 0) {
		search->file = 0;
	} else {
		if (mapping->file != search->file)
			search->first = mapping->start;
		if (mapping->file != search->file || mapping->offset == 0)
			search->latest = mapping->start;
		search->file = mapping->file;
	}
	if (search->address >= mapping->end)
		return false;
	search->found = search->address >= mapping->start && mapping->path_size > 0;
	return true;
}

/* The program and the vDSO: the kernel says where they are, also where there is no /proc. */
static bool find_given(uint64_t address, struct allotp_loaded *out)
{
	const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
	struct allotp_loaded program = { .name = "", .identity = 1 };
	size_t count = getauxval(AT_PHNUM);

	for (size_t i = 0; headers && i < count; i++) {
		uint64_t bias = (uintptr_t)headers - headers[i].p_vaddr, start = 0, end = 0;

		if (headers[i].p_type != PT_PHDR)
			continue;
		allotp_loaded_program(bias, &start, &end);
		read_headers(headers, count, start, &program);
	}
	if (holds(&program, address)) {
		*out = program;
		return true;
	}
	if (!read_file(getauxval(AT_SYSINFO_EHDR), address, 2, out))
		return false;
	out->name = "linux-vdso.so.1";
	return true;
}

static bool find_mapped(uint64_t address, struct allotp_loaded *out)
{
	struct search search = { .address = address };
	char path[1]; /* that there is one */

	if (allotp_mapping_each(visit, &search, path, sizeof(path)) < 0 || !search.found)
		return false;
	/* It is on some stack, or else it is no code: it will not go away while it is looked at. */
	return read_file(search.first, address, search.file, out) ||
	       read_file(search.latest, address, search.file, out);
}

int allotp_loaded_find(uint64_t address, struct allotp_loaded *out)
{
	struct allotp_loaded loaded;

	if (recall(address, out))
		return 0;
	if (missed_before(address))
		return -ENOENT;
	if (!find_given(address, &loaded) && !find_mapped(address, &loaded)) {
		__atomic_store_n(miss_of(address), address / ALLOTP_PAGE << MISS_BITS, __ATOMIC_RELAXED);
		return -ENOENT;
	}
	remember(&loaded);
	*out = loaded;
	return 0;
}

struct check {
	uint32_t count;
	bool to_find[FILES];
};

static bool visit_check(const struct allot_mapping *mapping, void *data)
{
	struct check *check = data;

	for (uint32_t i = 0; i < check->count; i++)
		if (check->to_find[i] && entries[i].loaded.start == mapping->start &&
		    entries[i].loaded.identity == (mapping->file ^ mapping->start))
			check->to_find[i] = false;
	return false;
}

void allotp_loaded_check(void)
{
	struct check check = { .count = known_count() };

	for (uint32_t i = 0; i < MISSES; i++)
		__atomic_store_n(&misses[i], 0, __ATOMIC_RELAXED);
	/* Those with a name are not read from there. */
	for (uint32_t i = 0; i < check.count; i++)
		check.to_find[i] =
			__atomic_load_n(&entries[i].state, __ATOMIC_ACQUIRE) == ALIVE && !entries[i].loaded.name;
	if (allotp_mapping_each(visit_check, &check, NULL, 0) < 0)
		return;
	for (uint32_t i = 0; i < check.count; i++) {
		uint32_t alive = ALIVE;

		if (check.to_find[i])
			__atomic_compare_exchange_n(&entries[i].state, &alive, DEAD, false, __ATOMIC_ACQ_REL,
						    __ATOMIC_RELAXED);
	}
}
