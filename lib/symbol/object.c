/* SPDX-License-Identifier: MIT */
/* The file behind a module of a snapshot, if it is on this machine and still the same, with its names. */
#include "symbol/object.h"

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol/debug-file.h"
#include "symbol/table.h"

void allotp_object_context_free(struct allot_object_context *context)
{
	if (!context)
		return;
	free(context->debug_path);
	allotp_names_release(&context->names);
	free(context);
}

struct allot_object {
	struct allot_object_context *context;
	Dwfl_Callbacks callbacks;
	Dwfl *dwfl;
	Dwfl_Module *module;          /* NULL: no file */
	uint64_t code_low, code_high; /* the file's executable segments */
	struct allot_units *units;    /* NULL: no debug information */
	uint64_t dwarf_bias;
	struct allot_table table;
	bool table_read;
	enum allot_module_symbols state;
};

static int open_regular(const char *path)
{
	struct stat status;
	int fd;

	/* A path from a snapshot may name anything: never wait for a fifo. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* Whether the file is what the module was loaded from. */
static bool same_file(int fd, const struct allot_module *module, uint64_t snapshot_time_ns)
{
	const size_t wanted =
		module->build_id_size < sizeof(module->build_id) ? module->build_id_size : sizeof(module->build_id);
	const void *id = NULL;
	struct stat status;
	ssize_t size;
	bool same;
	Elf *elf;

	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	size = elf ? dwelf_elf_gnu_build_id(elf, &id) : -1;
	if (size > (ssize_t)sizeof(module->build_id))
		size = sizeof(module->build_id);
	if (wanted || size > 0) {
		same = size == (ssize_t)wanted && memcmp(id, module->build_id, wanted) == 0;
	} else {
		/* Nothing to tell two builds apart but their age. */
		same = elf && fstat(fd, &status) == 0 &&
		       (uint64_t)status.st_mtim.tv_sec * 1000000000 + (uint64_t)status.st_mtim.tv_nsec <=
			       snapshot_time_ns;
	}
	elf_end(elf);
	return same;
}

static const char *debug_path_of(const struct allot_object *object)
{
	return object->context->debug_path ? object->context->debug_path : ALLOT_DEBUG_PATH;
}

/* Leaves it to libdwfl, if there may be something for it to find. */
static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base, const char *file,
			  const char *debuglink, GElf_Word checksum, char **path)
{
	const struct allot_object *object = *userdata;
	const unsigned char *build_id = NULL;
	GElf_Addr address;
	int size = dwfl_module_build_id(module, &build_id, &address);

	if (!allotp_debug_servers() &&
	    !allotp_debug_file_is_likely(debug_path_of(object), file, debuglink, build_id, size > 0 ? (size_t)size : 0))
		return -1;
	return dwfl_standard_find_debuginfo(module, userdata, name, base, file, debuglink, checksum, path);
}

/* Notes an fd of what libdwfl found; a file that debuginfod sent has no path to open it by. */
static int note_elf(Dwfl_Module *copy, void **userdata, const char *name, Dwarf_Addr base, char **path, Elf **elf)
{
	int fd = dwfl_build_id_find_elf(copy, userdata, name, base, path, elf);

	if (fd >= 0)
		*(int *)*userdata = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd;
}

/* Lets libdwfl find a copy of the module itself by build-id, here or by debuginfod. An fd, or -1. */
static int find_copy(const struct allot_object *object, const struct allot_module *module)
{
	Dwfl_Callbacks callbacks = object->callbacks;
	Dwfl_Module *copy;
	GElf_Addr bias;
	void **userdata;
	int fd = -1;
	Dwfl *dwfl;

	callbacks.find_elf = note_elf;
	dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return -1;
	dwfl_report_begin(dwfl);
	copy = dwfl_report_module(dwfl, basename(module->path), module->start, module->end);
	dwfl_report_end(dwfl, NULL, NULL);
	if (copy && dwfl_module_report_build_id(copy, module->build_id, module->build_id_size, 0) == 0) {
		dwfl_module_info(copy, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
		*userdata = &fd;
		dwfl_module_getelf(copy, &bias);
	}
	dwfl_end(dwfl);
	return fd;
}

/* Finds a file by the module's build-id alone: a debug file, which has all the names, else a copy. An fd, or -ENOENT. */
static int find_by_build_id(const struct allot_object *object, const struct allot_module *module)
{
	char *path = allotp_debug_file_by_build_id(debug_path_of(object), module->build_id, module->build_id_size);
	int fd = path ? open_regular(path) : find_copy(object, module);

	free(path);
	if (fd >= 0 && !same_file(fd, module, 0)) {
		close(fd);
		fd = -1;
	}
	return fd < 0 ? -ENOENT : fd;
}

/* The fd of the file to read, or a negative errno, with the reason in object->state. */
static int find_file(struct allot_object *object, const struct allot_module *module)
{
	int fd = -ENOENT;

	object->state = ALLOT_SYMBOLS_MISSING;
	/* One without a slash is no file: linux-vdso.so.1. */
	if (strchr(module->path, '/'))
		fd = open_regular(module->path);
	if (fd >= 0 && same_file(fd, module, object->context->snapshot_time_ns))
		return fd;
	if (fd >= 0) {
		object->state = ALLOT_SYMBOLS_REBUILT;
		close(fd);
	}
	if (module->build_id_size == 0 || module->build_id_size > sizeof(module->build_id))
		return -ENOENT;
	return find_by_build_id(object, module);
}

static void find_code(struct allot_object *object)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(object->module, &bias);
	size_t count = 0;

	object->code_low = UINT64_MAX;
	if (!elf || elf_getphdrnum(elf, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		if (segment.p_vaddr < object->code_low)
			object->code_low = segment.p_vaddr;
		if (segment.p_vaddr + segment.p_memsz > object->code_high)
			object->code_high = segment.p_vaddr + segment.p_memsz;
	}
}

static int read_table(struct allot_object *object)
{
	int result;

	if (object->table_read)
		return 0;
	result = allotp_table_read(&object->table, object->module, &object->context->progress);
	object->table_read = result == 0;
	return result;
}

/* Reads what tells the object's state: the units if there is debug information, else the symbol table. */
static int read_names(struct allot_object *object)
{
	Dwarf_Addr bias = 0;
	Dwarf *dwarf;
	int result;

	find_code(object);
	dwarf = dwfl_module_getdwarf(object->module, &bias);
	if (dwarf) {
		object->dwarf_bias = bias;
		result = allotp_units_new(dwarf, object->code_low - bias, object->code_high - bias,
					  &object->context->names, &object->context->progress, &object->units);
		if (result == 0)
			object->state = ALLOT_SYMBOLS_FULL;
		if (result != -ENOENT)
			return result;
	}
	result = read_table(object);
	if (result < 0)
		return result;
	if (object->table.count == 0)
		object->state = ALLOT_SYMBOLS_NONE;
	else
		object->state = object->table.full ? ALLOT_SYMBOLS_TABLE : ALLOT_SYMBOLS_DYNAMIC;
	return 0;
}

int allotp_object_open(struct allot_object_context *context, const struct allot_module *module,
		       struct allot_object **out)
{
	struct allot_object *object = calloc(1, sizeof(*object));
	int fd, result = 0;
	void **userdata;

	if (!object)
		return -ENOMEM;
	elf_version(EV_CURRENT);
	object->context = context;
	object->callbacks = (Dwfl_Callbacks){
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = find_debuginfo,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = &context->debug_path,
	};
	allotp_progress_begin(&context->progress, "reading symbols of %s", basename(module->path));
	fd = find_file(object, module);
	if (fd >= 0) {
		object->dwfl = dwfl_begin(&object->callbacks);
		if (object->dwfl) {
			dwfl_report_begin(object->dwfl);
			/* At base 0, so that libdwfl's addresses are the file's own. */
			object->module =
				dwfl_report_elf(object->dwfl, basename(module->path), module->path, fd, 0, true);
			if (object->module &&
			    dwfl_module_info(object->module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL))
				*userdata = object;
			dwfl_report_end(object->dwfl, NULL, NULL);
		}
		if (object->module)
			result = read_names(object);
		else
			close(fd);
	}
	if (result < 0) {
		allotp_object_close(object);
		return result;
	}
	*out = object;
	return 0;
}

void allotp_object_close(struct allot_object *object)
{
	if (!object)
		return;
	allotp_units_free(object->units);
	allotp_table_release(&object->table);
	if (object->dwfl)
		dwfl_end(object->dwfl);
	free(object);
}

enum allot_module_symbols allotp_object_state(const struct allot_object *object)
{
	return object->state;
}

Dwfl_Module *allotp_object_module(const struct allot_object *object)
{
	return object->module;
}

struct allot_units *allotp_object_units(const struct allot_object *object, uint64_t *bias)
{
	*bias = object->dwarf_bias;
	return object->units;
}

int allotp_object_find(struct allot_object *object, uint64_t address, struct allot_places *places)
{
	const uint32_t before = places->count;
	struct allot_place *outermost;
	const char *name;
	int result;

	if (object->units) {
		result = allotp_units_find(object->units, address - object->dwarf_bias, places);
		if (result < 0)
			return result;
	}
	if (places->count == before && allotp_places_add(places, (struct allot_place){ 0 }) < 0)
		return -ENOMEM;
	outermost = &places->items[places->count - 1];
	if (outermost->function || !object->module)
		return 0;
	/* Assembly, or a part built without -g. */
	result = read_table(object);
	if (result < 0)
		return result;
	name = allotp_table_find(&object->table, address);
	if (name && !(outermost->function = allotp_names_function(&object->context->names, name)))
		return -ENOMEM;
	return 0;
}
