/* SPDX-License-Identifier: MIT */
/* A look at a program that is about to be executed: whether this library can be loaded into it. */
#include "preload/program.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/sys.h"
#include "preload/state.h"

#ifndef ST_NOSUID
#define ST_NOSUID 2
#endif

enum {
	PATH_SIZE = 1024,
	NAME_SIZE = 32,
	SCRIPTS = 4,    /* that interpret each other, as many as the kernel lets them */
	SEGMENTS = 128, /* looked at; programs have a dozen */
	ENTRIES = 4096, /* of the dynamic section */
};

/* What the file's name of a library that brings its own malloc, and shares it with nobody, begins with. */
static const struct {
	const char *name, *reason;
} sanitizers[] = {
	{ "libasan.so", "built with AddressSanitizer" },     { "libclang_rt.asan", "built with AddressSanitizer" },
	{ "libhwasan.so", "built with HWAddressSanitizer" }, { "libclang_rt.hwasan", "built with HWAddressSanitizer" },
	{ "libtsan.so", "built with ThreadSanitizer" },      { "libclang_rt.tsan", "built with ThreadSanitizer" },
	{ "liblsan.so", "built with LeakSanitizer" },        { "libclang_rt.lsan", "built with LeakSanitizer" },
};

static bool begins(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	return ALLOTP_SYSCALL(SYS_pread64, fd, buffer, size, offset) == (long)size;
}

/* As much as there is, ended with 0. */
static void read_text(int fd, uint64_t offset, char *text, size_t size)
{
	long got = ALLOTP_SYSCALL(SYS_pread64, fd, text, size - 1, offset);

	text[got > 0 ? got : 0] = 0;
}

static const char *reason_of_library(const char *name)
{
	for (size_t i = 0; i < sizeof(sanitizers) / sizeof(sanitizers[0]); i++) {
		if (begins(name, sanitizers[i].name))
			return sanitizers[i].reason;
	}
	return NULL;
}

/* Where the file has what is loaded at an address; 0: nowhere. */
static uint64_t file_offset(int fd, const Elf64_Ehdr *header, uint64_t address)
{
	Elf64_Phdr segment;

	for (unsigned int i = 0; i < header->e_phnum && i < SEGMENTS; i++) {
		if (!read_at(fd, header->e_phoff + i * sizeof(segment), &segment, sizeof(segment)))
			break;
		if (segment.p_type == PT_LOAD && address - segment.p_vaddr < segment.p_filesz)
			return address - segment.p_vaddr + segment.p_offset;
	}
	return 0;
}

/* The first entry of that kind from *i on; *i is then behind it. */
static bool next_entry(int fd, const Elf64_Phdr *dynamic, Elf64_Sxword tag, unsigned int *i, Elf64_Dyn *entry)
{
	for (; *i < ENTRIES && (*i + 1) * sizeof(*entry) <= dynamic->p_filesz;) {
		if (!read_at(fd, dynamic->p_offset + (*i)++ * sizeof(*entry), entry, sizeof(*entry)) ||
		    entry->d_tag == DT_NULL)
			return false;
		if (entry->d_tag == tag)
			return true;
	}
	return false;
}

/* Why the libraries that the program needs do not go with ours; NULL: they do. */
static const char *reason_of_libraries(int fd, const Elf64_Ehdr *header, const Elf64_Phdr *dynamic)
{
	unsigned int i = 0, none = 0;
	const char *reason = NULL;
	Elf64_Dyn table, entry;
	char name[NAME_SIZE];
	uint64_t names;

	if (!next_entry(fd, dynamic, DT_STRTAB, &none, &table))
		return NULL;
	names = file_offset(fd, header, table.d_un.d_ptr);
	while (!reason && names && next_entry(fd, dynamic, DT_NEEDED, &i, &entry)) {
		read_text(fd, names + entry.d_un.d_val, name, sizeof(name));
		reason = reason_of_library(name);
	}
	return reason;
}

static enum allot_admission look_at_elf(int fd, const Elf64_Ehdr *header, const char **reason)
{
	Elf64_Phdr segment, dynamic = { 0 };
	bool loaded = false;
	char loader[128];

#if defined(__x86_64__)
	const uint16_t machine = EM_X86_64;
#elif defined(__aarch64__)
	const uint16_t machine = EM_AARCH64;
#else
	const uint16_t machine = header->e_machine;
#endif
	*reason = "built for another machine";
	/* The loader would complain about our class. */
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != machine)
		return ALLOT_FORBIDDEN;
	for (unsigned int i = 0; i < header->e_phnum && i < SEGMENTS; i++) {
		if (!read_at(fd, header->e_phoff + i * sizeof(segment), &segment, sizeof(segment)))
			return ALLOT_ADMITTED;
		if (segment.p_type == PT_DYNAMIC)
			dynamic = segment;
		if (segment.p_type != PT_INTERP)
			continue;
		loaded = true;
		read_text(fd, segment.p_offset, loader, sizeof(loader));
		*reason = "linked with another libc (musl)";
		if (strstr(loader, "/ld-musl"))
			return ALLOT_FORBIDDEN;
	}
	*reason = "statically linked";
	/* The loader itself has no loader, and loads us. */
	if (!loaded)
		return dynamic.p_type == PT_DYNAMIC ? ALLOT_ADMITTED : ALLOT_IGNORED;
	*reason = reason_of_libraries(fd, header, &dynamic);
	return *reason ? ALLOT_FORBIDDEN : ALLOT_ADMITTED;
}

/* The loader forgets what is preloaded when the program takes another user's rights. */
static bool takes_rights(int fd)
{
	struct statfs system;
	struct stat file;

	if (ALLOTP_SYSCALL(SYS_fstat, fd, &file) || !(file.st_mode & (S_ISUID | S_ISGID)))
		return false;
	if (!ALLOTP_SYSCALL(SYS_fstatfs, fd, &system) && system.f_flags & ST_NOSUID)
		return false;
	return (file.st_mode & S_ISUID && file.st_uid != (uid_t)ALLOTP_SYSCALL(SYS_getuid)) ||
	       ((file.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		file.st_gid != (gid_t)ALLOTP_SYSCALL(SYS_getgid));
}

/* From "#!" to the path of the interpreter, in place. */
static const char *interpreter(char *line)
{
	char *start = line + 2;

	line[strcspn(line, "\n")] = 0;
	start += strspn(start, " \t");
	start[strcspn(start, " \t")] = 0;
	return start;
}

static enum allot_admission look_at(int fd, char *buffer, int scripts, const char **reason)
{
	enum allot_admission result;
	Elf64_Ehdr header;

	/* No longer than the kernel reads. */
	read_text(fd, 0, buffer, 256);
	if (buffer[0] == '#' && buffer[1] == '!' && scripts) {
		int next = allotp_sys_openat(AT_FDCWD, interpreter(buffer), O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

		if (next < 0)
			return ALLOT_ADMITTED;
		result = look_at(next, buffer, scripts - 1, reason);
		allotp_sys_close(next);
		return result;
	}
	/* The beginning of the header is the same for all classes. */
	memcpy(&header, buffer, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG))
		return ALLOT_ADMITTED;
	result = look_at_elf(fd, &header, reason);
	if (result == ALLOT_ADMITTED && takes_rights(fd)) {
		*reason = "takes the rights of another user or group (setuid)";
		return ALLOT_IGNORED;
	}
	return result;
}

static int open_program(int directory, const char *path)
{
	int fd = allotp_sys_openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	struct stat status;

	if (fd >= 0 &&
	    (ALLOTP_SYSCALL(SYS_fstat, fd, &status) || !S_ISREG(status.st_mode) || !(status.st_mode & 0111))) {
		allotp_sys_close(fd);
		fd = -1;
	}
	return fd;
}

static const char *search_path(void)
{
	for (char **entry = environ; entry && *entry; entry++) {
		if (begins(*entry, "PATH="))
			return *entry + 5;
	}
	return "/bin:/usr/bin";
}

/* As execvp looks for it. */
static int open_in_path(const char *name, char *buffer)
{
	const char *list = search_path();
	size_t length = strlen(name);

	for (;;) {
		size_t size = strcspn(list, ":");

		if (size + length + 2 <= PATH_SIZE) {
			int fd;

			memcpy(buffer, list, size);
			buffer[size] = '/';
			memcpy(buffer + size + (size != 0), name, length + 1);
			fd = open_program(AT_FDCWD, buffer);
			if (fd >= 0)
				return fd;
		}
		if (!list[size])
			return -1;
		list += size + 1;
	}
}

/* In the header's table of those that were not admitted, each once. */
static void note(const char *path, const char *reason, char *text)
{
	struct allot_store *store = &allotp_state.store;
	struct allot_refused *refused = store->header->refused;
	size_t length = strnlen(path, PATH_SIZE / 2), more = strlen(reason);
	const char *strings = (const char *)store->region[ALLOT_REGION_STRINGS];

	memcpy(text, path, length);
	memcpy(text + length, ": ", 2);
	memcpy(text + length + 2, reason, more + 1);
	for (unsigned int i = 0; i < ALLOT_REFUSED; i++) {
		uint32_t known = __atomic_load_n(&refused[i].text, __ATOMIC_ACQUIRE), none = 0;

		if (!known) {
			known = allotp_store_string(store, text, length + 2 + more);
			if (!known)
				return;
			/* Another may have been faster, perhaps with the same. */
			if (!__atomic_compare_exchange_n(&refused[i].text, &none, known, false, __ATOMIC_ACQ_REL,
							 __ATOMIC_ACQUIRE)) {
				i--;
				continue;
			}
		} else if (known + length + 2 + more >= store->accessible[ALLOT_REGION_STRINGS] ||
			   strcmp(strings + known, text)) {
			continue;
		}
		__atomic_fetch_add(&refused[i].count, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_fetch_add(&store->header->refused_others, 1, __ATOMIC_RELAXED);
}

enum allot_admission allotp_program_look(int directory, const char *path, bool search)
{
	enum allot_admission result = ALLOT_ADMITTED;
	const char *reason = NULL;
	char buffer[PATH_SIZE];
	int fd;

	if (!path || allotp_state.store.quiet)
		return ALLOT_ADMITTED;
	if (!*path)
		return directory < 0 ? ALLOT_ADMITTED : look_at(directory, buffer, SCRIPTS, &reason);
	if (search && !strchr(path, '/'))
		fd = open_in_path(path, buffer);
	else
		fd = open_program(directory, path);
	if (fd < 0)
		return ALLOT_ADMITTED;
	result = look_at(fd, buffer, SCRIPTS, &reason);
	allotp_sys_close(fd);
	if (result != ALLOT_ADMITTED)
		note(path, reason, buffer);
	return result;
}
