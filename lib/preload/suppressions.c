/* SPDX-License-Identifier: MIT */
/*
 * What a program itself says is no leak. The loader knows the function where the executable exports it, which is so if it was linked
 * with -rdynamic, or if a library that it was linked with asks for it; else it is only in the executable's symbol table, if that was
 * not stripped.
 */
#include "preload/suppressions.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/sys.h"
#include "preload/state.h"

typedef const char *suppressions_fn(void);

extern suppressions_fn __lsan_default_suppressions __attribute__((weak));

static const char name[] = "__lsan_default_suppressions";

static const char *said; /* NULL: nothing, or not asked yet */

/* The executable's file. */
struct file {
	const char *bytes;
	uint64_t size;
};

static bool has(const struct file *file, uint64_t offset, uint64_t size)
{
	return offset <= file->size && size <= file->size - offset;
}

/* Whether it is the file that runs: a loader that was started by its name has another. */
static bool is_running(const struct file *file)
{
	const ElfW(Ehdr) *head = (const void *)file->bytes;
	const void *program = (const void *)getauxval(AT_PHDR);
	uint64_t size = (uint64_t)head->e_phnum * sizeof(ElfW(Phdr));

	return program && head->e_phnum == getauxval(AT_PHNUM) && head->e_phentsize == sizeof(ElfW(Phdr)) &&
	       has(file, head->e_phoff, size) && !memcmp(file->bytes + head->e_phoff, program, size);
}

/* How far from where the file says it was loaded. */
static uint64_t find_bias(const struct file *file)
{
	const ElfW(Ehdr) *head = (const void *)file->bytes;
	const ElfW(Phdr) *program = (const void *)(file->bytes + head->e_phoff);

	for (unsigned i = 0; i < head->e_phnum; i++) {
		if (program[i].p_type == PT_PHDR)
			return getauxval(AT_PHDR) - program[i].p_vaddr;
	}
	return 0;
}

/* Its value in the table; 0: it is not there. */
static uint64_t find_in_table(const struct file *file, const ElfW(Shdr) * table, const ElfW(Shdr) * strings)
{
	const ElfW(Sym) *symbols = (const void *)(file->bytes + table->sh_offset);

	if (!has(file, table->sh_offset, table->sh_size) || !has(file, strings->sh_offset, strings->sh_size) ||
	    table->sh_offset % sizeof(uint64_t))
		return 0;
	for (uint64_t i = 0; i < table->sh_size / sizeof(*symbols); i++) {
		const ElfW(Sym) *symbol = &symbols[i];

		/* The linker makes what is hidden local. */
		if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
		    symbol->st_name < strings->sh_size && strings->sh_size - symbol->st_name >= sizeof(name) &&
		    !memcmp(file->bytes + strings->sh_offset + symbol->st_name, name, sizeof(name)))
			return symbol->st_value;
	}
	return 0;
}

static uint64_t find_in_file(const struct file *file)
{
	const ElfW(Ehdr) *head = (const void *)file->bytes;
	const ElfW(Shdr) * sections;
	uint64_t value = 0;

	if (!has(file, 0, sizeof(*head)) || memcmp(head->e_ident, ELFMAG, SELFMAG) || !is_running(file) ||
	    head->e_shentsize != sizeof(*sections) || head->e_shoff % sizeof(uint64_t) ||
	    !has(file, head->e_shoff, (uint64_t)head->e_shnum * sizeof(*sections)))
		return 0;
	sections = (const void *)(file->bytes + head->e_shoff);
	for (unsigned i = 0; i < head->e_shnum && !value; i++) {
		if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < head->e_shnum)
			value = find_in_table(file, &sections[i], &sections[sections[i].sh_link]);
	}
	return value ? value + find_bias(file) : 0;
}

/* In the executable's own symbol table; NULL: not there. */
static suppressions_fn *find_by_symbols(void)
{
	suppressions_fn *function = NULL;
	struct file file;
	struct stat status;
	int fd = allotp_sys_openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
	void *bytes;
	uint64_t found;

	if (fd < 0)
		return NULL;
	file.size = ALLOTP_SYSCALL(SYS_fstat, fd, &status) ? 0 : (uint64_t)status.st_size;
	bytes = allotp_sys_mmap(NULL, file.size ? file.size : 1, PROT_READ, MAP_PRIVATE, fd, 0);
	allotp_sys_close(fd);
	if (allotp_sys_failed(bytes))
		return NULL;
	file.bytes = bytes;
	found = find_in_file(&file);
	memcpy(&function, &found, sizeof(function));
	allotp_sys_munmap(bytes, file.size ? file.size : 1);
	return function;
}

void allotp_suppressions_ask(void)
{
	static bool asked;
	suppressions_fn *function = __lsan_default_suppressions;

	if (__atomic_exchange_n(&asked, true, __ATOMIC_ACQ_REL))
		return;
	if (!function)
		function = find_by_symbols();
	if (function)
		__atomic_store_n(&said, function(), __ATOMIC_RELEASE);
}

void allotp_suppressions_tell(void)
{
	struct allot_leak_look *leaks = &allotp_state.store.header->leaks;
	const char *text = __atomic_load_n(&said, __ATOMIC_ACQUIRE);

	if (text && !leaks->suppressions)
		leaks->suppressions = allotp_store_string(&allotp_state.store, text, strlen(text));
}
