/* SPDX-License-Identifier: MIT */
/* The plain facts of an ELF file that decide how well a program can be traced. */
#include "symbol/elf-facts.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct word {
	const char *text, *meaning;
};

/* Libraries by the beginning of their name. */
static const struct word sanitizer_libraries[] = {
	{ "libasan.so", "AddressSanitizer" },
	{ "libclang_rt.asan", "AddressSanitizer" },
	{ "libhwasan.so", "HWAddressSanitizer" },
	{ "libclang_rt.hwasan", "HWAddressSanitizer" },
	{ "libtsan.so", "ThreadSanitizer" },
	{ "libclang_rt.tsan", "ThreadSanitizer" },
	{ "liblsan.so", "LeakSanitizer" },
	{ "libclang_rt.lsan", "LeakSanitizer" },
	{ NULL, NULL },
};

/* clang links its runtimes in statically. */
static const struct word sanitizer_functions[] = {
	{ "__asan_init", "AddressSanitizer" }, { "__hwasan_init", "HWAddressSanitizer" },
	{ "__tsan_init", "ThreadSanitizer" },  { "__msan_init", "MemorySanitizer" },
	{ "__lsan_init", "LeakSanitizer" },    { NULL, NULL },
};

static const char *const allocator_libraries[] = {
	"libjemalloc", "libtcmalloc", "libmimalloc", "libtbbmalloc", "librpmalloc", "libsnmalloc", "libhoard", NULL,
};

static const char *const allocator_functions[] = {
	"je_malloc", "tc_malloc", "mi_malloc", "rpmalloc", "scalable_malloc", "dlmalloc", "nedmalloc", NULL,
};

/* Of the functions looked for: scalable_malloc. */
enum { LONGEST_NAME = 15 };

static bool begins(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static void read_needed(struct allot_elf_facts *facts, const char *library)
{
	for (const struct word *word = sanitizer_libraries; word->text; word++) {
		if (begins(library, word->text))
			facts->sanitizer = word->meaning;
	}
	for (const char *const *name = allocator_libraries; *name; name++) {
		if (begins(library, *name))
			snprintf(facts->allocator, sizeof(facts->allocator), "%s", library);
	}
}

static void read_dynamic(struct allot_elf_facts *facts, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; data && i < count; i++) {
		const char *library;
		GElf_Dyn entry;

		if (!gelf_getdyn(data, (int)i, &entry) || entry.d_tag == DT_NULL)
			break;
		library = entry.d_tag == DT_NEEDED ? elf_strptr(elf, header->sh_link, entry.d_un.d_val) : NULL;
		if (library)
			read_needed(facts, library);
	}
}

static void read_symbol(struct allot_elf_facts *facts, const char *name, bool exported)
{
	/* Most names of a large program are long: do not compare those. */
	if (strnlen(name, LONGEST_NAME + 1) > LONGEST_NAME)
		return;
	if (!strcmp(name, "malloc")) {
		facts->defines_malloc = true;
		facts->exports_malloc |= exported;
	} else if (!strcmp(name, "_Znwm") || !strcmp(name, "_Znwj")) {
		facts->defines_new = true;
	}
	for (const struct word *word = sanitizer_functions; word->text; word++) {
		if (!strcmp(name, word->text))
			facts->sanitizer = word->meaning;
	}
	for (const char *const *function = allocator_functions; *function; function++) {
		if (!strcmp(name, *function))
			facts->builtin = *function;
	}
}

static void read_symbols(struct allot_elf_facts *facts, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; data && i < count; i++) {
		const char *name;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF ||
		    (GELF_ST_TYPE(symbol.st_info) != STT_FUNC && GELF_ST_TYPE(symbol.st_info) != STT_GNU_IFUNC))
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name)
			read_symbol(facts, name, header->sh_type == SHT_DYNSYM);
	}
}

static void read_sections(struct allot_elf_facts *facts, Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names = 0;

	elf_getshdrstrndx(elf, &names);
	while ((section = elf_nextscn(elf, section))) {
		const char *name;
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (header.sh_type == SHT_DYNAMIC)
			read_dynamic(facts, elf, section, &header);
		if (header.sh_type == SHT_DYNSYM || header.sh_type == SHT_SYMTAB)
			read_symbols(facts, elf, section, &header);
		if (header.sh_type == SHT_SYMTAB)
			facts->symbols = true;
		if (!name)
			continue;
		if (!strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info"))
			facts->debug = true;
		if (!strcmp(name, ".go.buildinfo") || !strcmp(name, ".note.go.buildid"))
			facts->go = true;
	}
}

static void read_segments(struct allot_elf_facts *facts, Elf *elf)
{
	size_t size, count = 0;
	const char *file = elf_rawfile(elf, &size);

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf, (int)i, &segment))
			continue;
		switch (segment.p_type) {
		case PT_INTERP:
			if (file && segment.p_offset < size && segment.p_filesz <= size - segment.p_offset)
				snprintf(facts->loader, sizeof(facts->loader), "%.*s", (int)segment.p_filesz,
					 file + segment.p_offset);
			break;
		case PT_DYNAMIC:
			facts->dynamic = true;
			break;
		case PT_GNU_EH_FRAME:
			facts->unwind = true;
			break;
		}
	}
}

int allotp_elf_facts(const char *path, struct allot_elf_facts *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct allot_elf_facts facts = { 0 };
	GElf_Word checksum;
	GElf_Ehdr header;
	const char *link;
	const void *id;
	ssize_t size;
	Elf *elf;

	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header)) {
		elf_end(elf);
		close(fd);
		return -ENOEXEC;
	}
	facts.class = header.e_ident[EI_CLASS];
	facts.type = header.e_type;
	facts.machine = header.e_machine;
	read_segments(&facts, elf);
	read_sections(&facts, elf);
	size = dwelf_elf_gnu_build_id(elf, &id);
	if (size > 0 && size <= (ssize_t)sizeof(facts.build_id)) {
		memcpy(facts.build_id, id, (size_t)size);
		facts.build_id_size = (uint32_t)size;
	}
	link = dwelf_elf_gnu_debuglink(elf, &checksum);
	if (link)
		snprintf(facts.debuglink, sizeof(facts.debuglink), "%s", link);
	elf_end(elf);
	close(fd);
	*out = facts;
	return 0;
}

const char *allotp_elf_machine(uint16_t machine)
{
	switch (machine) {
	case EM_386:
		return "i386";
	case EM_X86_64:
		return "x86-64";
	case EM_ARM:
		return "ARM";
	case EM_AARCH64:
		return "AArch64";
	case EM_RISCV:
		return "RISC-V";
	case EM_PPC64:
		return "PowerPC64";
	case EM_S390:
		return "S/390";
	case EM_MIPS:
		return "MIPS";
	default:
		return NULL;
	}
}
