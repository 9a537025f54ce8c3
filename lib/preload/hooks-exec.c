/* SPDX-License-Identifier: MIT */
/*
 * Programs that this one becomes or starts. The program traced stays traced through exec; its children are, if they are
 * to be followed. Both hold also when the environment passed on lacks LD_PRELOAD: then ours is put in. All
 * of it on the stack, since exec may come from a child of vfork or a signal handler.
 */
#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "common/sys.h"
#include "preload/config.h"
#include "preload/export.h"
#include "preload/program.h"
#include "preload/real.h"
#include "preload/state.h"
#include "scan/scan.h"
#include "snapshot/snapshot.h"

/* How many variables are added, at most. */
enum { ADDED = 11 };

static bool has_name(const char *entry, const char *name)
{
	size_t size = strlen(name);

	return !strncmp(entry, name, size) && entry[size] == '=';
}

static bool is_process_traced_here(void)
{
	/* A forked child that has made no event yet has no store of its own, but its parent's. */
	if (allotp_config.follow)
		return allotp_guard->mode != ALLOT_MODE_OFF && allotp_state.store.header;
	return allotp_guard->mode == ALLOT_MODE_RECORDING && !allotp_state.store.quiet &&
	       (uint32_t)allotp_sys_getpid() == allotp_state.first_pid;
}

static char *join(char *to, const char *text)
{
	size_t size = strlen(text);

	memcpy(to, text, size + 1);
	return to + size;
}

static char *join_number(char *to, uint64_t number)
{
	char digits[24];
	size_t i = sizeof(digits);

	digits[--i] = 0;
	do {
		digits[--i] = (char)('0' + number % 10);
	} while (number /= 10);
	return join(to, digits + i);
}

static bool mentions_us(const char *preload)
{
	return strstr(preload, allotp_config.library) != NULL;
}

static size_t count_of(char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

/* Whether the environment has to be changed for the next program to be traced. */
static bool needs_us(char *const *environment)
{
	if (!allotp_config.library[0] || !is_process_traced_here())
		return false;
	for (char *const *entry = environment; entry && *entry; entry++) {
		if (has_name(*entry, "LD_PRELOAD"))
			return !mentions_us(*entry);
	}
	return true;
}

static const char *user_preload(char *const *environment)
{
	for (char *const *entry = environment; entry && *entry; entry++) {
		if (has_name(*entry, "LD_PRELOAD"))
			return *entry + sizeof("LD_PRELOAD");
	}
	return "";
}

static bool is_ours(const char *entry)
{
	static const char *const names[] = { "LD_PRELOAD",        "ALLOT",        "ALLOT_DIR",
					     "ALLOT_FOLLOW",      "ALLOT_RING",   "ALLOT_MMAP",
					     "ALLOT_LEAKS",       "ALLOT_VERIFY", "ALLOT_SAMPLE",
					     "ALLOT_SAMPLE_SEED", "ALLOT_REPEAT" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (has_name(entry, names[i]))
			return true;
	}
	return false;
}

/* Room for the text of all variables that add_us adds. */
static size_t text_size(char *const *environment)
{
	return strlen(allotp_config.library) + strlen(user_preload(environment)) + strlen(allotp_config.directory) +
	       256 + ALLOT_SCAN_NAMES + ALLOT_NAME_SIZE;
}

/*
 * Fills `to`, which has room for count + ADDED + 1 entries: the environment, with our variables in place of any others.
 * Their text goes into `text`.
 */
static void add_us(char **to, char *text, char *const *environment)
{
	const char *others = user_preload(environment);

	for (char *const *entry = environment; entry && *entry; entry++) {
		if (!is_ours(*entry))
			*to++ = *entry;
	}
	*to++ = text;
	text = join(join(text, "LD_PRELOAD="), allotp_config.library);
	if (*others)
		text = join(join(text, ":"), others);
	*to++ = ++text;
	text = join(join(text, "ALLOT_DIR="), allotp_config.directory);
	*to++ = (char *)(uintptr_t)(allotp_config.follow ? "ALLOT_FOLLOW=1" : "ALLOT_FOLLOW=0");
	*to++ = ++text;
	text = join_number(join(text, "ALLOT_RING="), allotp_config.ring_events);
	if (allotp_config.record_mmap)
		*to++ = (char *)(uintptr_t) "ALLOT_MMAP=1";
	if (allotp_config.leaks) {
		*to++ = ++text;
		text = allotp_scan_heuristics_name(allotp_config.heuristics, join(text, "ALLOT_LEAKS="));
	}
	if (allotp_config.repeat[0]) {
		*to++ = ++text;
		text = join(join(text, "ALLOT_REPEAT="), allotp_config.repeat);
	}
	if (allotp_config.verify) {
		*to++ = ++text;
		text = join_number(join(text, "ALLOT_VERIFY="), allotp_config.verify);
	}
	if (allotp_config.depth_limit) {
		*to++ = ++text;
		text = join_number(join(text, "ALLOT="), allotp_config.depth_limit);
	}
	if (allotp_config.sampling_bytes) {
		*to++ = ++text;
		text = join_number(join(text, "ALLOT_SAMPLE="), allotp_config.sampling_bytes);
	}
	if (allotp_config.sampling_seed) {
		*to++ = ++text;
		join_number(join(text, "ALLOT_SAMPLE_SEED="), allotp_config.sampling_seed);
	}
	*to = NULL;
}

/* The same, but the environment without us. */
static void remove_us(char **to, char *text, char *const *environment)
{
	char *value = join(text, "LD_PRELOAD=");

	for (char *const *entry = environment; entry && *entry; entry++) {
		if (!is_ours(*entry))
			*to++ = *entry;
	}
	join(value, user_preload(environment));
	allotp_config_remove_entry(value);
	if (*value)
		*to++ = text;
	*to = NULL;
}

/*
 * In the caller's frame: the environment to pass on to a program, which is named as for allotp_program_look. One that would not
 * start with us gets it without.
 */
#define ADAPT(environment, directory, path, search)                                                                    \
	do {                                                                                                           \
		enum allot_admission admission = ALLOT_ADMITTED;                                                       \
                                                                                                                       \
		if (allotp_config.library[0] && is_process_traced_here())                                              \
			admission = allotp_program_look(directory, path, search);                                      \
		if (admission == ALLOT_FORBIDDEN || needs_us(environment)) {                                           \
			char **changed = alloca((count_of(environment) + ADDED + 1) * sizeof(char *));                 \
			char *text = alloca(text_size(environment));                                                   \
                                                                                                                       \
			if (admission == ALLOT_FORBIDDEN)                                                              \
				remove_us(changed, text, environment);                                                 \
			else                                                                                           \
				add_us(changed, text, environment);                                                    \
			(environment) = changed;                                                                       \
		}                                                                                                      \
	} while (0)

/* Says in the store that this process becomes another program; taken back when exec fails. Not for vfork's children. */
static bool note_exec(void)
{
	struct allot_header *header = allotp_state.store.header;

	/* Recording may have stopped before. */
	if (!header || allotp_guard->mode == ALLOT_MODE_UNSET || allotp_state.store.quiet ||
	    (uint32_t)allotp_sys_getpid() != header->pid)
		return false;
	__atomic_store_n(&header->exit_state, ALLOT_EXIT_EXEC, __ATOMIC_RELEASE);
	return true;
}

static int failed(bool noted, int result)
{
	if (noted)
		__atomic_store_n(&allotp_state.store.header->exit_state, ALLOT_EXIT_RUNNING, __ATOMIC_RELEASE);
	return result;
}

#define UNLESS_READY(name)                                                                                             \
	do {                                                                                                           \
		if (!allotp_real_ready() || !allotp_real.name) {                                                       \
			errno = ENOSYS;                                                                                \
			return -1;                                                                                     \
		}                                                                                                      \
	} while (0)

ALLOT_EXPORT int execve(const char *path, char *const *arguments, char *const *environment)
{
	bool noted;

	UNLESS_READY(execve);
	ADAPT(environment, AT_FDCWD, path, false);
	noted = note_exec();
	return failed(noted, allotp_real.execve(path, arguments, environment));
}

ALLOT_EXPORT int execv(const char *path, char *const *arguments)
{
	return execve(path, arguments, environ);
}

ALLOT_EXPORT int execvpe(const char *file, char *const *arguments, char *const *environment)
{
	bool noted;

	UNLESS_READY(execvpe);
	ADAPT(environment, AT_FDCWD, file, true);
	noted = note_exec();
	return failed(noted, allotp_real.execvpe(file, arguments, environment));
}

ALLOT_EXPORT int execvp(const char *file, char *const *arguments)
{
	return execvpe(file, arguments, environ);
}

ALLOT_EXPORT int fexecve(int fd, char *const *arguments, char *const *environment)
{
	bool noted;

	UNLESS_READY(fexecve);
	ADAPT(environment, fd, "", false);
	noted = note_exec();
	return failed(noted, allotp_real.fexecve(fd, arguments, environment));
}

ALLOT_EXPORT int execveat(int directory, const char *path, char *const *arguments, char *const *environment, int flags)
{
	bool noted;

	if (!allotp_real_ready() || !allotp_real.execveat)
		return (int)allotp_sys_told(
			ALLOTP_SYSCALL(SYS_execveat, directory, path, arguments, environment, flags));
	ADAPT(environment, directory, path, false);
	noted = note_exec();
	return failed(noted, allotp_real.execveat(directory, path, arguments, environment, flags));
}

/* The variadic three: the arguments as an array on the stack, and the environment behind them for execle. */
#define COLLECT(first, arguments, rest)                                                                                \
	do {                                                                                                           \
		size_t count = 1;                                                                                      \
                                                                                                                       \
		va_start(rest, first);                                                                                 \
		while (va_arg(rest, char *))                                                                           \
			count++;                                                                                       \
		va_end(rest);                                                                                          \
		(arguments) = alloca((count + 1) * sizeof(char *));                                                    \
		(arguments)[0] = (char *)(uintptr_t)(first);                                                           \
		va_start(rest, first);                                                                                 \
		for (size_t i = 1; i <= count; i++)                                                                    \
			(arguments)[i] = va_arg(rest, char *);                                                         \
	} while (0)

ALLOT_EXPORT int execl(const char *path, const char *first, ...)
{
	char **arguments;
	va_list rest;

	COLLECT(first, arguments, rest);
	va_end(rest);
	return execve(path, arguments, environ);
}

ALLOT_EXPORT int execlp(const char *file, const char *first, ...)
{
	char **arguments;
	va_list rest;

	COLLECT(first, arguments, rest);
	va_end(rest);
	return execvpe(file, arguments, environ);
}

ALLOT_EXPORT int execle(const char *path, const char *first, ...)
{
	char **arguments, **environment;
	va_list rest;

	COLLECT(first, arguments, rest);
	environment = va_arg(rest, char **);
	va_end(rest);
	return execve(path, arguments, environment);
}

/* A spawned program is a child: traced only when children are followed. */
#define SPAWN(name, search)                                                                                            \
	ALLOT_EXPORT int name(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,                 \
			      const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment)   \
	{                                                                                                              \
		if (!allotp_real_ready() || !allotp_real.name)                                                         \
			return ENOSYS;                                                                                 \
		if (allotp_config.follow)                                                                              \
			ADAPT(environment, AT_FDCWD, path, search);                                                    \
		return allotp_real.name(pid, path, actions, attributes, arguments, environment);                       \
	}

SPAWN(posix_spawn, false)
SPAWN(posix_spawnp, true)
