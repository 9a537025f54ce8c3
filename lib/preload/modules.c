/* SPDX-License-Identifier: MIT */
/* The modules of this process in the store. */
#include "preload/modules.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "common/mapping.h"
#include "preload/state.h"
#include "unwind/loaded.h"
#include "unwind/walk.h"

struct allot_extent allotp_modules_loader;

static bool is_program(const struct allotp_loaded *found)
{
	return found->name && !found->name[0];
}

static const ElfW(Phdr) * program_headers(const struct allotp_loaded *found, size_t *count)
{
	const ElfW(Ehdr) *header = (const void *)found->start;

	/* The executable's are known even when they lie outside of its first pages. */
	if (is_program(found)) {
		*count = getauxval(AT_PHNUM);
		return (const void *)getauxval(AT_PHDR);
	}
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_phentsize != sizeof(ElfW(Phdr)) ||
	    header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > found->end - found->start)
		return NULL;
	*count = header->e_phnum;
	return (const void *)(found->start + header->e_phoff);
}

static void copy_build_id(const struct allotp_loaded *found, struct allot_store_module *module)
{
	size_t count = 0;
	const ElfW(Phdr) *headers = program_headers(found, &count);

	for (size_t i = 0; headers && i < count; i++) {
		uintptr_t at = found->bias + headers[i].p_vaddr, end = at + headers[i].p_memsz;

		if (headers[i].p_type != PT_NOTE || at < found->start || end > found->end || end < at)
			continue;
		while (end - at >= sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *note = (const void *)at;
			size_t name = (note->n_namesz + 3u) & ~3u, size = (note->n_descsz + 3u) & ~3u;

			at += sizeof(*note);
			if (name + size > end - at)
				break;
			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && !memcmp((void *)at, "GNU", 4)) {
				module->build_id_size = note->n_descsz < sizeof(module->build_id)
								? note->n_descsz
								: sizeof(module->build_id);
				memcpy(module->build_id, (void *)(at + name), module->build_id_size);
				return;
			}
			at += name + size;
		}
	}
}

static uint32_t store_path(const struct allotp_loaded *found)
{
	struct allot_mapping mapping;
	char path[1024];

	if (is_program(found))
		return allotp_state.store.header->program;
	/* Opened by a relative name; a plain name without a file is the kernel's vdso. */
	if ((!found->name || (found->name[0] != '/' && strchr(found->name, '/'))) &&
	    allotp_mapping_find(found->start, &mapping, path, sizeof(path)) == 0 && mapping.path_size > 0)
		return allotp_store_string(&allotp_state.store, path, mapping.path_size);
	return found->name ? allotp_store_string(&allotp_state.store, found->name, strlen(found->name)) : 0;
}

static bool overlaps(const struct allot_store_module *module, const struct allotp_loaded *found)
{
	return module->start < found->end && found->start < module->end;
}

static void fill(struct allot_store_module *module, const struct allotp_loaded *found)
{
	module->start = found->start;
	module->end = found->end;
	module->bias = found->bias;
	module->identity = found->identity;
	copy_build_id(found, module);
	module->path = store_path(found);
}

/* A library that was closed and is back in its old place is the same code again, and its nodes are good again. */
static bool is_back(const struct allot_store *store, const struct allot_store_module *old,
		    const struct allot_store_module *new)
{
	const char *strings = (const char *)store->region[ALLOT_REGION_STRINGS];

	return old->start == new->start && old->end == new->end && old->bias == new->bias &&new->build_id_size &&
	       old->build_id_size == new->build_id_size && !memcmp(old->build_id, new->build_id, new->build_id_size) &&
	       !strcmp(strings + old->path, strings + new->path);
}

/* Makes all walkers forget what they know of code. */
static void forget_code(struct allot_store *store)
{
	__atomic_fetch_add(&store->header->code_epoch, 1, __ATOMIC_SEQ_CST);
	allotp_state_outdate();
	allotp_walk_code_unloaded();
}

static uint32_t add(struct allot_store *store, const struct allotp_loaded *found, uint32_t count)
{
	struct allot_store_module new = { 0 };
	uint64_t number;

	fill(&new, found);
	for (uint32_t i = 1; i < count; i++) {
		struct allot_store_module *old = allotp_module(store, i);

		if (!overlaps(old, found))
			continue;
		if (is_back(store, old, &new)) {
			old->identity = new.identity;
			__atomic_store_n(&old->dead, 0, __ATOMIC_RELEASE);
			return i;
		}
		new.generation++;
		if (!__atomic_exchange_n(&old->dead, 1, __ATOMIC_ACQ_REL))
			forget_code(store);
	}
	number = __atomic_fetch_add(&store->header->module_count, 1, __ATOMIC_RELAXED);
	if (number >= 1u << 24 ||
	    allotp_store_need(store, ALLOT_REGION_MODULES, (number + 1) * sizeof(struct allot_store_module)))
		return 0;
	*allotp_module(store, number) = new;
	return (uint32_t)number;
}

uint32_t allotp_module_of(uintptr_t address)
{
	struct allot_store *store = &allotp_state.store;
	uint32_t count = (uint32_t)__atomic_load_n(&store->header->module_count, __ATOMIC_ACQUIRE);
	struct allotp_loaded found;

	if (allotp_loaded_find(address, &found))
		return 0;
	for (uint32_t i = 1; i < count; i++) {
		struct allot_store_module *module;

		if (!allotp_store_has(store, ALLOT_REGION_MODULES, (i + UINT64_C(1)) * sizeof(*module)))
			break;
		module = allotp_module(store, i);
		if (address >= module->start && address < module->end && module->identity == found.identity &&
		    !__atomic_load_n(&module->dead, __ATOMIC_ACQUIRE))
			return i;
	}
	return add(store, &found, count);
}

void allotp_modules_suspect(void)
{
	__atomic_store_n(&allotp_guard->depth, 0, __ATOMIC_RELEASE);
}

bool allotp_modules_suspected(void)
{
	return __atomic_load_n(&allotp_guard->depth, __ATOMIC_RELAXED) != 1;
}

void allotp_modules_check(void)
{
	struct allot_store *store = &allotp_state.store;
	uint32_t count = (uint32_t)__atomic_load_n(&store->header->module_count, __ATOMIC_ACQUIRE);
	bool gone = false;

	__atomic_store_n(&allotp_guard->depth, 1, __ATOMIC_RELAXED);
	allotp_loaded_check();
	for (uint32_t i = 1; i < count; i++) {
		struct allot_store_module *module = allotp_module(store, i);
		struct allotp_loaded found;

		if (!module->start || __atomic_load_n(&module->dead, __ATOMIC_ACQUIRE))
			continue;
		if (allotp_loaded_find(module->start, &found) == 0 && module->identity == found.identity)
			continue;
		__atomic_store_n(&module->dead, 1, __ATOMIC_RELEASE);
		gone = true;
	}
	if (gone)
		forget_code(store);
}

void allotp_modules_code_gone(void)
{
	if (allotp_recording())
		forget_code(&allotp_state.store);
}

struct allot_extent allotp_modules_extent(uintptr_t address)
{
	struct allotp_loaded found;

	if (allotp_loaded_find(address, &found))
		return (struct allot_extent){ 0, 0 };
	return (struct allot_extent){ found.start, found.end - found.start };
}

void allotp_modules_init(void)
{
	/* The loader is where AT_BASE says. */
	allotp_modules_loader = allotp_modules_extent(getauxval(AT_BASE));
}
