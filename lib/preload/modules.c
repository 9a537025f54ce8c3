/* SPDX-License-Identifier: MIT */
/* The modules of this process in the store. */
#include "preload/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "common/sys.h"
#include "preload/state.h"
#include "unwind/object.h"
#include "unwind/walk.h"

uint32_t allotp_modules_stale;

struct allot_extent allotp_modules_loader;

/* What the loader knows of an address. */
struct found {
	const struct link_map *map;
	uint64_t start, end;
};

static bool is_program(const struct link_map *map)
{
	return !map->l_name || !map->l_name[0];
}

static bool find(uintptr_t address, struct found *found)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)address, &object))
		return false;
	found->map = object.dlfo_link_map;
	found->start = (uintptr_t)object.dlfo_map_start;
	found->end = (uintptr_t)object.dlfo_map_end;
	if (is_program(found->map))
		allotp_object_program(found->map->l_addr, &found->start, &found->end);
	return true;
}

/* Two loads of different files at one address differ in this; so do two files in one link_map's memory. */
static uint64_t identity(const struct found *found)
{
	return (uint64_t)(uintptr_t)found->map * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)(uintptr_t)found->map->l_ld;
}

static const ElfW(Phdr) *program_headers(const struct found *found, size_t *count)
{
	const ElfW(Ehdr) *header = (const void *)found->start;

	/* The executable's are known even when they lie outside of its first pages. */
	if (is_program(found->map)) {
		*count = getauxval(AT_PHNUM);
		return (const void *)getauxval(AT_PHDR);
	}
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_phentsize != sizeof(ElfW(Phdr)) ||
	    header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > found->end - found->start)
		return NULL;
	*count = header->e_phnum;
	return (const void *)(found->start + header->e_phoff);
}

static void copy_build_id(const struct found *found, struct allot_store_module *module)
{
	size_t count = 0;
	const ElfW(Phdr) *headers = program_headers(found, &count);

	for (size_t i = 0; headers && i < count; i++) {
		uintptr_t at = found->map->l_addr + headers[i].p_vaddr, end = at + headers[i].p_memsz;

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

/* The path that /proc/self/maps has for a mapping that begins at start; for modules opened by a relative name. */
static long path_from_maps(uintptr_t start, char *path, size_t size)
{
	int fd = allotp_sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	uintptr_t address = 0;
	enum { ADDRESS, REST, PATH } state = ADDRESS;
	size_t used = 0;
	char buffer[512]; /* small: the program's stack may be */
	long got;

	if (fd < 0)
		return 0;
	while ((got = allotp_sys_read(fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < got; i++) {
			char c = buffer[i];

			if (c == '\n') {
				if (state == PATH && address == start)
					goto done;
				state = ADDRESS;
				address = 0;
				used = 0;
			} else if (state == ADDRESS && c == '-') {
				state = REST;
			} else if (state == ADDRESS) {
				address = address << 4 | (uintptr_t)(c <= '9' ? c - '0' : c - 'a' + 10);
			} else if (state == PATH || c == '/') {
				state = PATH;
				if (used < size)
					path[used++] = c;
			}
		}
	}
	used = 0;
done:
	allotp_sys_close(fd);
	return (long)used;
}

static uint32_t store_path(const struct found *found)
{
	const char *name = found->map->l_name ? found->map->l_name : "";
	char path[1024];
	long size;

	if (!name[0])
		return allotp_state.store.header->program;
	/* A plain name without a file is the kernel's vdso. */
	if (name[0] != '/' && strchr(name, '/') && !allotp_state.store.quiet) {
		size = path_from_maps(found->start, path, sizeof(path));
		if (size > 0)
			return allotp_store_string(&allotp_state.store, path, (size_t)size);
	}
	return allotp_store_string(&allotp_state.store, name, strlen(name));
}

static bool overlaps(const struct allot_store_module *module, const struct found *found)
{
	return module->start < found->end && found->start < module->end;
}

static void fill(struct allot_store_module *module, const struct found *found)
{
	module->start = found->start;
	module->end = found->end;
	module->bias = found->map->l_addr;
	module->identity = identity(found);
	copy_build_id(found, module);
	module->path = store_path(found);
}

/* A library that was closed and is back in its old place is the same code again, and its nodes are good again. */
static bool is_back(const struct allot_store *store, const struct allot_store_module *old,
		    const struct allot_store_module *new)
{
	const char *strings = (const char *)store->region[ALLOT_REGION_STRINGS];

	return old->start == new->start && old->end == new->end && old->bias == new->bias && new->build_id_size &&
	       old->build_id_size == new->build_id_size && !memcmp(old->build_id, new->build_id, new->build_id_size) &&
	       !strcmp(strings + old->path, strings + new->path);
}

/* Makes all walkers forget what they know of code. */
static void forget_code(struct allot_store *store)
{
	__atomic_fetch_add(&store->header->code_epoch, 1, __ATOMIC_SEQ_CST);
	allotp_walk_code_unloaded();
}

static uint32_t add(struct allot_store *store, const struct found *found, uint32_t count)
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
	struct found found;

	if (!find(address, &found))
		return 0;
	for (uint32_t i = 1; i < count; i++) {
		struct allot_store_module *module;

		if (!allotp_store_has(store, ALLOT_REGION_MODULES, (i + UINT64_C(1)) * sizeof(*module)))
			break;
		module = allotp_module(store, i);
		if (address >= module->start && address < module->end && module->identity == identity(&found) &&
		    !__atomic_load_n(&module->dead, __ATOMIC_ACQUIRE))
			return i;
	}
	return add(store, &found, count);
}

void allotp_modules_check(void)
{
	struct allot_store *store = &allotp_state.store;
	uint32_t count = (uint32_t)__atomic_load_n(&store->header->module_count, __ATOMIC_ACQUIRE);
	bool gone = false;

	__atomic_store_n(&allotp_modules_stale, 0, __ATOMIC_RELAXED);
	for (uint32_t i = 1; i < count; i++) {
		struct allot_store_module *module = allotp_module(store, i);
		struct found found;

		if (!module->start || __atomic_load_n(&module->dead, __ATOMIC_ACQUIRE))
			continue;
		if (find(module->start, &found) && module->identity == identity(&found))
			continue;
		__atomic_store_n(&module->dead, 1, __ATOMIC_RELEASE);
		gone = true;
	}
	if (gone)
		forget_code(store);
}

void allotp_modules_init(void)
{
	struct found found;

	/* The loader is where AT_BASE says. */
	if (find(getauxval(AT_BASE), &found)) {
		allotp_modules_loader.start = found.start;
		allotp_modules_loader.size = found.end - found.start;
	}
}
