/* SPDX-License-Identifier: MIT */
/* What can be told of a program before it runs: whether it can be traced, and what will not be seen. */
#include "symbol/inspect.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol/debug-file.h"
#include "symbol/elf-facts.h"
#include "symbol/privilege.h"
#include "symbol/program.h"

/* Adds a finding; advice may be NULL. 0 or -ENOMEM. */
__attribute__((format(printf, 5, 6))) static int add(struct allot_inspection *inspection, enum allot_severity severity,
						     const char *topic, const char *advice, const char *format, ...)
{
	struct allot_finding *finding = &inspection->findings[inspection->finding_count];
	struct allot_finding made = { .severity = severity, .topic = topic };
	va_list args;

	if (inspection->finding_count == ALLOT_FINDINGS)
		return 0;
	va_start(args, format);
	if (vasprintf(&made.text, format, args) < 0)
		made.text = NULL;
	va_end(args);
	made.advice = advice ? strdup(advice) : NULL;
	if (!made.text || (advice && !made.advice)) {
		free(made.text);
		free(made.advice);
		return -ENOMEM;
	}
	*finding = made;
	inspection->finding_count++;
	return 0;
}

static bool has_problem(const struct allot_inspection *inspection)
{
	for (unsigned i = 0; i < inspection->finding_count; i++) {
		if (inspection->findings[i].severity == ALLOT_PROBLEM)
			return true;
	}
	return false;
}

/* ---- the ELF file that is really traced ---- */

static int judge_machine(struct allot_inspection *inspection, const struct allot_elf_facts *facts)
{
	static const char advice[] = "build allot for that machine, or the program for this one";
	const char *name = allotp_elf_machine(facts->machine);
	struct allot_elf_facts own;
	char number[32];
	int bits = facts->class == ELFCLASS64 ? 64 : 32;

	if (!name) {
		snprintf(number, sizeof(number), "machine number %u", facts->machine);
		name = number;
	}
	if (allotp_elf_facts("/proc/self/exe", &own) < 0 ||
	    (own.class == facts->class && own.machine == facts->machine))
		return add(inspection, ALLOT_FINE, "architecture", NULL, "%s, %d bits, as allot itself", name, bits);
	return add(inspection, ALLOT_PROBLEM, "architecture", advice,
		   "built for %s (%d bits), but allot is for %s (%d bits)", name, bits,
		   allotp_elf_machine(own.machine) ? allotp_elf_machine(own.machine) : "another machine",
		   own.class == ELFCLASS64 ? 64 : 32);
}

static int judge_linking(struct allot_inspection *inspection, const struct allot_elf_facts *facts)
{
	const char *loader = strrchr(facts->loader, '/') ? strrchr(facts->loader, '/') + 1 : facts->loader;
	const char *itself = basename(inspection->traced);

	/* The loader can be called as a program, with the real one as its argument. */
	if (!*facts->loader && facts->dynamic && (!strncmp(itself, "ld-linux", 8) || !strncmp(itself, "ld64.so", 7)))
		return add(inspection, ALLOT_NOTE, "linking", "look at the program that it is to load, too",
			   "the dynamic loader: what it loads is traced");
	inspection->passes_on = !*facts->loader;
	if (!*facts->loader && facts->go)
		return add(inspection, ALLOT_PROBLEM, "linking", "use Go's own profiler (runtime/pprof)",
			   "a static Go program: Go allocates without malloc, and nothing can be preloaded");
	if (!*facts->loader)
		return add(inspection, ALLOT_PROBLEM, "linking", "link it dynamically, without -static",
			   "statically linked: nothing can be preloaded into it");
	if (!strncmp(loader, "ld-musl", 7))
		return add(inspection, ALLOT_PROBLEM, "linking", "build it for glibc",
			   "linked with musl libc (%s), but allot is for glibc", facts->loader);
	if (access(facts->loader, F_OK) < 0)
		return add(inspection, ALLOT_PROBLEM, "linking", "install the C library it was built for",
			   "its loader %s is not installed: it cannot start", facts->loader);
	return add(inspection, ALLOT_FINE, "linking", NULL, "dynamic, loaded by %s", facts->loader);
}

static int judge_privilege(struct allot_inspection *inspection)
{
	char text[128];

	switch (allotp_privilege(inspection->traced, text, sizeof(text))) {
	case ALLOT_PRIVILEGE_GIVEN:
		return add(inspection, ALLOT_PROBLEM, "privileges",
			   "run it as the user whose rights it takes, or trace a copy: cp drops them",
			   "%s: the loader ignores preloaded libraries then", text);
	case ALLOT_PRIVILEGE_USELESS:
		return add(inspection, ALLOT_NOTE, "privileges", NULL, "%s, but that gives you nothing new", text);
	case ALLOT_PRIVILEGE_NONE:
		break;
	}
	return add(inspection, ALLOT_FINE, "privileges", NULL, "none beyond yours");
}

static int judge_allocator(struct allot_inspection *inspection, const struct allot_elf_facts *facts)
{
	int result = 0;

	if (facts->sanitizer)
		return add(inspection, ALLOT_PROBLEM, "allocator", "build it without -fsanitize",
			   "built with %s, which replaces malloc itself and shares it with nobody", facts->sanitizer);
	if (facts->exports_malloc)
		result = add(inspection, ALLOT_WARNING, "allocator", "build it with the C library's malloc",
			     "defines malloc for itself and its libraries: their calls are not seen");
	else if (facts->defines_malloc)
		result = add(inspection, ALLOT_WARNING, "allocator", "build it with the C library's malloc",
			     "defines malloc for itself: only the calls of its libraries are seen");
	else if (facts->builtin)
		result = add(inspection, ALLOT_WARNING, "allocator", "build it with the C library's malloc",
			     "contains another allocator (%s): calls to it are not seen", facts->builtin);
	else if (*facts->allocator)
		result = add(inspection, ALLOT_NOTE, "allocator", NULL,
			     "%s: calls of malloc are seen and passed on to it, those of its own functions are not",
			     facts->allocator);
	else
		result = add(inspection, ALLOT_FINE, "allocator", NULL, "the C library's malloc");
	if (result == 0 && facts->defines_new)
		result = add(inspection, ALLOT_NOTE, "allocator", NULL,
			     "defines operator new itself: seen is what that calls in its turn");
	return result;
}

/* The separate debug file of a program, found as debuggers do; NULL if there is none. malloc'ed. */
static char *find_debug_file(const char *path, const struct allot_elf_facts *facts)
{
	static const char *const places[][2] = { { "", "" }, { "", "/.debug" }, { "/usr/lib/debug", "" } };
	char name[sizeof(facts->build_id) * 2 + 1] = "";
	char *directory, *file = NULL;

	for (uint32_t i = 0; i < facts->build_id_size; i++)
		sprintf(name + 2 * (size_t)i, "%02x", facts->build_id[i]);
	if (facts->build_id_size && asprintf(&file, "/usr/lib/debug/.build-id/%.2s/%s.debug", name, name + 2) >= 0) {
		if (access(file, R_OK) == 0)
			return file;
		free(file);
	}
	directory = *facts->debuglink ? realpath(path, NULL) : NULL;
	if (!directory)
		return NULL;
	*strrchr(directory, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (asprintf(&file, "%s%s%s/%s", places[i][0], directory, places[i][1], facts->debuglink) < 0)
			break;
		if (access(file, R_OK) == 0) {
			free(directory);
			return file;
		}
		free(file);
	}
	free(directory);
	return NULL;
}

static int judge_names(struct allot_inspection *inspection, const struct allot_elf_facts *facts)
{
	static const char advice[] =
		"build it with -g; for a packaged program, install its -dbgsym package or set DEBUGINFOD_URLS";
	char *file;
	int result;

	if (facts->debug)
		return add(inspection, ALLOT_FINE, "symbols", NULL, "debug information in the file");
	file = find_debug_file(inspection->traced, facts);
	if (file) {
		result = add(inspection, ALLOT_FINE, "symbols", NULL, "debug information in %s", file);
		free(file);
		return result;
	}
	if (allotp_debug_servers() && facts->build_id_size)
		return add(inspection, ALLOT_NOTE, "symbols", NULL,
			   "no debug information here: a report asks the servers in DEBUGINFOD_URLS for it");
	if (facts->symbols)
		return add(inspection, ALLOT_WARNING, "symbols", advice,
			   "no debug information: reports show functions, but neither files nor lines");
	return add(inspection, ALLOT_WARNING, "symbols", advice,
		   "stripped: reports show exported functions, and module+0x... for all others");
}

static int judge_unwind(struct allot_inspection *inspection, const struct allot_elf_facts *facts)
{
	if (facts->unwind)
		return add(inspection, ALLOT_FINE, "stacks", NULL, "has unwind data");
	return add(inspection, ALLOT_WARNING, "stacks", "build it with -fasynchronous-unwind-tables",
		   "no unwind data (.eh_frame_hdr): stacks are followed by frame pointers and may end early");
}

static int judge_runtime(struct allot_inspection *inspection)
{
	const char *pools = getenv("PYTHONMALLOC");

	if (strncmp(basename(inspection->traced), "python", 6) != 0 || (pools && !strncmp(pools, "malloc", 6)))
		return 0;
	return add(inspection, ALLOT_NOTE, "runtime", "set PYTHONMALLOC=malloc to see each object",
		   "Python puts objects of up to 512 bytes into pools of its own");
}

static int judge_elf(struct allot_inspection *inspection)
{
	struct allot_elf_facts facts;
	int result = allotp_elf_facts(inspection->traced, &facts);

	if (result == -ENOEXEC)
		return add(inspection, ALLOT_PROBLEM, "file", NULL, "a damaged ELF file");
	if (result < 0)
		return result;
	result = judge_machine(inspection, &facts);
	if (result == 0)
		result = judge_linking(inspection, &facts);
	if (result == 0)
		result = judge_privilege(inspection);
	if (result == 0)
		result = judge_allocator(inspection, &facts);
	if (result == 0)
		result = judge_names(inspection, &facts);
	if (result == 0)
		result = judge_unwind(inspection, &facts);
	if (result == 0)
		result = judge_runtime(inspection);
	return result;
}

/* ---- from the command to that file ---- */

/* Makes the interpreter the file that is looked at next; takes over path. */
static void go_on_with(struct allot_inspection *inspection, char *path)
{
	free(inspection->traced);
	inspection->traced = path;
}

static int follow_env(struct allot_inspection *inspection, const struct allot_program *script)
{
	static const char advice[] = "install it, or correct the first line of the script";
	char command[256];
	char *path;
	int result;

	allotp_program_env_command(script, command, sizeof(command));
	if (!*command)
		return add(inspection, ALLOT_NOTE, "script", NULL, "what %s runs cannot be told from here",
			   script->interpreter);
	result = allotp_program_find(command, &path);
	if (result == -ENOMEM)
		return result;
	if (result < 0)
		return add(inspection, ALLOT_PROBLEM, "script", advice, "%s finds no %s in PATH", script->interpreter,
			   command);
	go_on_with(inspection, path);
	return 0;
}

/* Steps from a script to what runs it. 1: look at that, 0: done, or -ENOMEM. */
static int follow_script(struct allot_inspection *inspection, const struct allot_program *script)
{
	static const char advice[] = "install it, or correct the first line of the script";
	const char *interpreter = script->kind == ALLOT_PROGRAM_TEXT ? "/bin/sh" : script->interpreter;
	int check = allotp_program_check(interpreter);
	char *path;
	int result;

	if (check < 0)
		return add(inspection, ALLOT_PROBLEM, "script", advice, "its interpreter '%s' cannot be run: %s",
			   interpreter, strerror(-check));
	path = strdup(interpreter);
	if (!path)
		return -ENOMEM;
	go_on_with(inspection, path);
	if (!strcmp(basename(interpreter), "env")) {
		result = follow_env(inspection, script);
		if (result < 0 || has_problem(inspection))
			return result;
	}
	if (script->kind == ALLOT_PROGRAM_TEXT)
		result = add(inspection, ALLOT_NOTE, "script", "let it begin with #! and its interpreter",
			     "a text without a #! line: %s is what is traced", inspection->traced);
	else
		result = add(inspection, ALLOT_NOTE, "script", "use --follow to trace what the script starts",
			     "a script: %s is what is traced", inspection->traced);
	return result < 0 ? result : 1;
}

static int judge(struct allot_inspection *inspection)
{
	/* As many scripts as the kernel lets interpret each other. */
	for (int step = 0; step < 6; step++) {
		int check = allotp_program_check(inspection->traced);
		struct allot_program program;

		if (check == -EISDIR)
			return add(inspection, ALLOT_PROBLEM, "file", NULL, "a directory, not a program");
		if (check < 0)
			return add(inspection, ALLOT_PROBLEM, "file", "check its mode with ls -l (chmod +x)",
				   "cannot be executed: %s", strerror(-check));
		check = allotp_program_read(inspection->traced, &program);
		if (check < 0)
			return add(inspection, ALLOT_WARNING, "file", NULL,
				   "can be executed, but not read (%s): what may be missed is not known",
				   strerror(-check));
		if (program.kind == ALLOT_PROGRAM_ELF)
			return judge_elf(inspection);
		if (program.kind == ALLOT_PROGRAM_OTHER)
			return add(inspection, ALLOT_PROBLEM, "file", NULL, "neither an ELF program nor a script");
		check = follow_script(inspection, &program);
		if (check <= 0)
			return check;
	}
	return add(inspection, ALLOT_PROBLEM, "script", NULL, "scripts that interpret each other without end");
}

int allotp_inspect(const char *program, struct allot_inspection *out, struct allot_error *error)
{
	struct allot_inspection inspection = { 0 };
	int result = allotp_program_find(program, &inspection.program);

	if (result == -ENOENT && !strchr(program, '/'))
		return allotp_error(error, result, "no program '%s' in PATH", program);
	if (result == 0) {
		inspection.traced = strdup(inspection.program);
		result = inspection.traced ? judge(&inspection) : -ENOMEM;
	}
	if (result < 0) {
		allotp_inspection_release(&inspection);
		return allotp_error(error, result, "%s: %s", program, strerror(-result));
	}
	*out = inspection;
	return 0;
}

void allotp_inspection_release(struct allot_inspection *inspection)
{
	for (unsigned i = 0; i < inspection->finding_count; i++) {
		free(inspection->findings[i].text);
		free(inspection->findings[i].advice);
	}
	free(inspection->program);
	free(inspection->traced);
	memset(inspection, 0, sizeof(*inspection));
}

int allotp_inspection_verdict(const struct allot_inspection *inspection, struct allot_error *error)
{
	for (unsigned i = 0; i < inspection->finding_count; i++) {
		const struct allot_finding *finding = &inspection->findings[i];

		if (finding->severity != ALLOT_PROBLEM)
			continue;
		if (strcmp(inspection->program, inspection->traced) != 0)
			return allotp_error(error, -ENOTSUP, "cannot trace %s, which is run by %s: %s",
					    inspection->program, inspection->traced, finding->text);
		return allotp_error(error, -ENOTSUP, "cannot trace %s: %s", inspection->program, finding->text);
	}
	return 0;
}
