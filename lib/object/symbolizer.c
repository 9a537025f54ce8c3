/* SPDX-License-Identifier: MIT */
/*
 * Asks `allot symbolize` for names, as sanitizers ask their symbolizers. To read debug information here would take libraries that
 * a program should not get only because it uses objects, and memory, which may be damaged by the time something is told.
 *
 * The process is made by system calls alone: nobody's fork handlers run, nobody gets a SIGCHLD, and nobody's wait() finds it.
 */
#include "object/symbolizer.h"

#include <allot/trace.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "common/sys.h"

#define PATIENCE 10 /* seconds for one answer */
#define PATH 4096

/* ---- Where an address lies ---- */

struct place {
	char module[PATH];
	const char *function; /* NULL: not known */
	uintptr_t offset;     /* as the file counts */
	const void *start;    /* of what is mapped; NULL: not known */
	uintptr_t bias;
};

static bool find_place(const void *call, struct place *place)
{
	struct link_map *map;
	Dl_info info;
	long length;

	if (!dladdr1(call, &info, (void **)&map, RTLD_DL_LINKMAP) || !info.dli_fname)
		return false;
	place->function = info.dli_sname;
	place->offset = (uintptr_t)call - map->l_addr;
	place->start = info.dli_fbase;
	place->bias = map->l_addr;
	snprintf(place->module, PATH, "%s", info.dli_fname);
	/* The program itself is called as it was by its caller, who may have been in another directory. */
	if (!*map->l_name) {
		length = allotp_sys_readlink("/proc/self/exe", place->module, PATH - 1);
		if (length > 0)
			place->module[length] = 0;
		else
			snprintf(place->module, PATH, "%s", info.dli_fname);
	}
	return true;
}

/* Of the file that is mapped, in hexadecimal; "" if it has none. */
static void find_build_id(const struct place *place, char *text, size_t size)
{
	const ElfW(Ehdr) *file = place->start;
	const ElfW(Phdr) * headers;

	*text = 0;
	if (!file || memcmp(file->e_ident, ELFMAG, SELFMAG) || file->e_phentsize != sizeof(*headers))
		return;
	headers = (const void *)((const char *)file + file->e_phoff);
	for (int i = 0; i < file->e_phnum; i++) {
		const char *note = (const char *)(headers[i].p_vaddr + place->bias), *end = note + headers[i].p_memsz;

		while (headers[i].p_type == PT_NOTE && end - note >= (long)sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *header = (const void *)note;
			const char *name = note + sizeof(*header), *id = name + ((header->n_namesz + 3) & ~3u);

			note = id + ((header->n_descsz + 3) & ~3u);
			if (note > end || note < name)
				break;
			if (header->n_type != NT_GNU_BUILD_ID || header->n_namesz != 4 || memcmp(name, "GNU", 4) ||
			    header->n_descsz * 2 >= size)
				continue;
			for (unsigned j = 0; j < header->n_descsz; j++)
				sprintf(text + (size_t)j * 2, "%02x", (unsigned char)id[j]);
			return;
		}
	}
}

/* ---- The process ---- */

static bool try_command(char *path, const char *directory, size_t length, const char *below)
{
	return snprintf(path, PATH, "%.*s%s/allot", (int)length, directory, below) < PATH &&
	       !ALLOTP_SYSCALL(SYS_faccessat, AT_FDCWD, path, X_OK);
}

/* The command that lies where the tracer does; the tracer looks for it the other way round. */
static bool find_command(char *path)
{
	const struct allot_api *api = allot_api_find();
	const char *end;
	Dl_info info;
	size_t length;

	if (!api || getauxval(AT_SECURE) || !dladdr(api, &info) || !info.dli_fname)
		return false;
	end = strrchr(info.dli_fname, '/');
	if (!end)
		return false;
	length = (size_t)(end - info.dli_fname);
	return (length >= 6 && !memcmp(end - 6, "/.libs", 6) && try_command(path, info.dli_fname, length, "/..")) ||
	       try_command(path, info.dli_fname, length, "/../bin") ||
	       try_command(path, info.dli_fname, length, "/../../bin");
}

/* In the new process, which has all of this one's memory to itself: system calls, and nothing else. */
_Noreturn static void become(const char *path, int socket)
{
	const char *const words[] = { "allot", "symbolize", NULL }, *const environment[] = { NULL };
	uint64_t none = 0;
	int nowhere = allotp_sys_openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);

	allotp_sys_sigprocmask(SIG_SETMASK, &none, NULL);
	ALLOTP_SYSCALL(SYS_dup3, socket, 0, 0);
	ALLOTP_SYSCALL(SYS_dup3, socket, 1, 0);
	if (nowhere >= 0)
		ALLOTP_SYSCALL(SYS_dup3, nowhere, 2, 0);
	ALLOTP_SYSCALL(SYS_execve, path, words, environment);
	ALLOTP_SYSCALL(SYS_exit_group, 127);
	__builtin_unreachable();
}

static bool start(struct allotp_symbolizer *symbolizer)
{
	uint64_t all = ~UINT64_C(0), before;
	char path[PATH];
	int ends[2];
	long child;

	if (!find_command(path) || ALLOTP_SYSCALL(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return false;
	/* Above the three that the new process gives new meanings to. */
	for (int i = 0; i < 2; i++) {
		int moved = (int)ALLOTP_SYSCALL(SYS_fcntl, ends[i], F_DUPFD_CLOEXEC, 3);

		allotp_sys_close(ends[i]);
		ends[i] = moved;
	}
	/* No handler of the program's runs in the new process. No flags: the memory is copied, and no signal tells its end. */
	allotp_sys_sigprocmask(SIG_SETMASK, &all, &before);
	child = ALLOTP_SYSCALL(SYS_clone, 0, 0, 0, 0, 0);
	if (!child)
		become(path, ends[1]);
	allotp_sys_sigprocmask(SIG_SETMASK, &before, NULL);
	allotp_sys_close(ends[1]);
	if (child < 0) {
		allotp_sys_close(ends[0]);
		return false;
	}
	symbolizer->socket = ends[0];
	symbolizer->process = child;
	return true;
}

void allotp_symbolizer_end(struct allotp_symbolizer *symbolizer)
{
	if (!symbolizer->process)
		return;
	allotp_sys_close(symbolizer->socket);
	allotp_sys_kill((int)symbolizer->process, SIGKILL);
	while (ALLOTP_SYSCALL(SYS_wait4, symbolizer->process, NULL, __WALL, NULL) == -EINTR)
		;
	symbolizer->process = 0;
}

/* An answer ends with an empty line. False: there was none. */
static bool receive(const struct allotp_symbolizer *symbolizer, char *text, size_t size)
{
	struct pollfd ready = { .fd = symbolizer->socket, .events = POLLIN };
	size_t length = 0;

	while (length < 2 || memcmp(text + length - 2, "\n\n", 2)) {
		struct timespec patience = { .tv_sec = PATIENCE };
		long got;

		if (length == size)
			return false;
		got = ALLOTP_SYSCALL(SYS_ppoll, &ready, 1, &patience, NULL, 0);
		if (got == -EINTR)
			continue;
		got = got > 0 ? allotp_sys_read(symbolizer->socket, text + length, size - length) : 0;
		if (got <= 0)
			return false;
		length += (size_t)got;
	}
	text[length - 1] = 0;
	return true;
}

static bool ask(struct allotp_symbolizer *symbolizer, const struct place *place, char *text, size_t size)
{
	char question[PATH + 128], build_id[80], answer[4096];
	int length;

	if (symbolizer->failed || (!symbolizer->process && !start(symbolizer))) {
		symbolizer->failed = true;
		return false;
	}
	find_build_id(place, build_id, sizeof(build_id));
	length = snprintf(question, sizeof(question), "%s+0x%zx%s%s\n", place->module, (size_t)place->offset,
			  *build_id ? " " : "", build_id);
	/* It may be gone already, which must be no SIGPIPE. */
	if (ALLOTP_SYSCALL(SYS_sendto, symbolizer->socket, question, length, MSG_NOSIGNAL, NULL, 0) != length ||
	    !receive(symbolizer, answer, sizeof(answer))) {
		symbolizer->failed = true;
		return false;
	}
	if (!memcmp(answer, question, strlen(place->module)) && answer[strlen(place->module)] == '+')
		return false;
	snprintf(text, size, "%s", answer);
	return true;
}

void allotp_symbolize(struct allotp_symbolizer *symbolizer, const void *address, char *text, size_t size)
{
	const void *call = (const char *)address - 1;
	unsigned which = (unsigned)((uintptr_t)call * UINT64_C(0x9e3779b97f4a7c15) >> 60);
	struct place place;

	if (symbolizer->known[which].call == call) {
		snprintf(text, size, "%s", symbolizer->known[which].text);
		return;
	}
	if (!find_place(call, &place))
		snprintf(text, size, "%p\n", call);
	else if (ask(symbolizer, &place, text, size))
		;
	else if (place.function)
		snprintf(text, size, "%s (%s+0x%zx)\n", place.function, place.module, (size_t)place.offset);
	else
		snprintf(text, size, "%s+0x%zx\n", place.module, (size_t)place.offset);
	if (strlen(text) < sizeof(symbolizer->known[which].text)) {
		symbolizer->known[which].call = call;
		strcpy(symbolizer->known[which].text, text);
	}
}

void allotp_symbolize_call(struct allotp_symbolizer *symbolizer, const void *address, struct allotp_call *call)
{
	char *place = NULL, *end;

	allotp_symbolize(symbolizer, address, call->text, sizeof(call->text));
	call->text[strcspn(call->text, "\n")] = 0;
	/* Names of functions can have parentheses, too. */
	for (char *found = call->text; (found = strstr(found, " (")); found++)
		place = found;
	call->function = place ? call->text : NULL;
	call->place = call->text;
	if (!place)
		return;
	*place = 0;
	call->place = place + strlen(" (");
	end = strrchr(call->place, ')');
	if (end)
		*end = 0;
}
