/* SPDX-License-Identifier: MIT */
/* allot symbolize: functions and lines for addresses in files, as messages and logs have them: FILE+0xOFFSET. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "common/clock.h"
#include "report/print.h"
#include "symbol/elf-facts.h"
#include "symbol/symbol.h"

/* So many files and addresses are known at a time; then all is begun anew. */
enum { MOST_FILES = 256, MOST_ADDRESSES = 1 << 16 };

static const struct allot_option options[] = { { 0 } };

/* A snapshot that has nothing but files and addresses in them. */
struct symbolizer {
	struct allot_snapshot *snapshot;
	struct allot_resolver *resolver;
	uint32_t files, addresses;
};

static void release(struct symbolizer *symbolizer)
{
	allotp_resolver_free(symbolizer->resolver);
	allotp_snapshot_free(symbolizer->snapshot);
	*symbolizer = (struct symbolizer){ 0 };
}

/* The resolver wants to know how many there will be. */
static int begin(struct symbolizer *symbolizer)
{
	struct allot_snapshot *snapshot = allotp_snapshot_new();
	struct allot_module *modules = NULL;
	struct allot_node *nodes = NULL;
	int result;

	if (snapshot) {
		modules = reallocarray(snapshot->modules, MOST_FILES, sizeof(*modules));
		snapshot->modules = modules ? modules : snapshot->modules;
		nodes = reallocarray(snapshot->nodes, MOST_ADDRESSES, sizeof(*nodes));
		snapshot->nodes = nodes ? nodes : snapshot->nodes;
	}
	if (!modules || !nodes) {
		allotp_snapshot_free(snapshot);
		return -ENOMEM;
	}
	*symbolizer = (struct symbolizer){ snapshot, NULL, 1, ALLOT_NODE_FIRST };
	memset(modules + 1, 0, (MOST_FILES - 1) * sizeof(*modules));
	memset(nodes + ALLOT_NODE_FIRST, 0, (MOST_ADDRESSES - ALLOT_NODE_FIRST) * sizeof(*nodes));
	snapshot->start_time_ns = allotp_clock_ns(CLOCK_REALTIME);
	snapshot->module_count = MOST_FILES;
	snapshot->node_count = MOST_ADDRESSES;
	result = allotp_resolver_new(snapshot, NULL, NULL, &symbolizer->resolver);
	if (result)
		release(symbolizer);
	return result;
}

/* What was printed in hexadecimal; false for anything else. */
static bool read_build_id(const char *text, struct allot_module *module)
{
	uint8_t bytes[sizeof(module->build_id)];
	uint32_t count = 0;
	unsigned int byte;
	int length;

	for (; *text && count < sizeof(bytes); text += length, count++) {
		if (sscanf(text, "%2x%n", &byte, &length) != 1 || length != 2)
			return false;
		bytes[count] = (uint8_t)byte;
	}
	memcpy(module->build_id, bytes, count);
	module->build_id_size = count;
	return true;
}

/* Of the file that is there: who does not say which build is meant means this one. */
static void take_build_id(const char *path, struct allot_module *module)
{
	struct allot_elf_facts facts;

	if (allotp_elf_facts(path, &facts))
		return;
	memcpy(module->build_id, facts.build_id, sizeof(module->build_id));
	module->build_id_size = facts.build_id_size;
}

/* The number of a file; 0 without memory. */
static uint32_t file_of(struct symbolizer *symbolizer, const char *path, const struct allot_module *known)
{
	struct allot_module *modules = symbolizer->snapshot->modules;
	uint32_t i = 1;

	while (i < symbolizer->files &&
	       (strcmp(modules[i].path, path) != 0 || modules[i].build_id_size != known->build_id_size ||
		memcmp(modules[i].build_id, known->build_id, known->build_id_size) != 0))
		i++;
	if (i == symbolizer->files) {
		modules[i] = *known;
		modules[i].end = UINT64_MAX;
		modules[i].path = strdup(path);
		if (!modules[i].path)
			return 0;
		symbolizer->files++;
	}
	return i;
}

static void write_symbol(const struct allot_symbol *symbol, const char *place)
{
	for (uint32_t i = 0; i < symbol->frame_count; i++) {
		const struct allot_frame *frame = &symbol->frames[i];

		if (!frame->function && !frame->file) {
			allotp_put(stdout, place);
			putchar('\n');
			continue;
		}
		allotp_put(stdout, frame->function ? frame->function : "??");
		fputs(" (", stdout);
		allotp_put(stdout, frame->file ? frame->file : place);
		if (frame->file)
			printf(":%" PRIu32, frame->line);
		fputs(frame->inlined ? ") [inlined]\n" : ")\n", stdout);
	}
}

/* Cuts the text up: FILE+0xOFFSET, perhaps with a space and a build-id. False: it is nothing like that. */
static bool read_place(char *text, char **path, uint64_t *offset, struct allot_module *known)
{
	char *plus = NULL, *space, *end;

	for (char *found = text; (found = strstr(found, "+0x")); found++)
		plus = found;
	if (!plus || plus == text)
		return false;
	space = strchr(plus, ' ');
	if (space && !read_build_id(space + 1, known))
		return false;
	if (space)
		*space = 0;
	errno = 0;
	*offset = strtoull(plus + 1, &end, 16);
	if (*end || errno || end == plus + 3)
		return false;
	*path = strndup(text, (size_t)(plus - text));
	return *path;
}

static int no_memory(struct allot_error *error)
{
	allotp_error(error, -ENOMEM, "not enough memory");
	return EXIT_USAGE;
}

/* One address; what cannot be read is written as it is. */
static int answer(struct symbolizer *symbolizer, char *text, struct allot_error *error)
{
	struct allot_module known = { 0 };
	const struct allot_symbol *symbol = NULL;
	uint64_t offset;
	uint32_t file;
	char *path;

	if (!read_place(text, &path, &offset, &known)) {
		allotp_put(stdout, text);
		putchar('\n');
		return EXIT_OK;
	}
	if (symbolizer->files == MOST_FILES || symbolizer->addresses == MOST_ADDRESSES)
		release(symbolizer);
	if (!symbolizer->resolver && begin(symbolizer)) {
		free(path);
		return no_memory(error);
	}
	if (!known.build_id_size)
		take_build_id(path, &known);
	file = file_of(symbolizer, path, &known);
	free(path);
	if (file) {
		/* Looked up as it is: the call, not the address that it returns to. */
		symbolizer->snapshot->nodes[symbolizer->addresses] = (struct allot_node){
			.address = offset,
			.module = file,
			.flags = ALLOT_NODE_SIGNAL,
		};
		symbol = allotp_resolve(symbolizer->resolver, symbolizer->addresses++);
	}
	if (!symbol)
		return no_memory(error);
	write_symbol(symbol, text);
	return EXIT_OK;
}

/* Answers each line at once, and ends each answer with an empty line: somebody may wait for it. */
static int answer_lines(struct symbolizer *symbolizer, struct allot_error *error)
{
	char *line = NULL;
	size_t room = 0;
	int status = EXIT_OK;

	while (status == EXIT_OK && getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\n")] = 0;
		status = answer(symbolizer, line, error);
		putchar('\n');
		if (fflush(stdout))
			break;
	}
	free(line);
	return status;
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	struct symbolizer symbolizer = { 0 };
	int status = EXIT_OK;

	if (!arguments->operand_count)
		status = answer_lines(&symbolizer, error);
	for (int i = 0; i < arguments->operand_count && status == EXIT_OK; i++)
		status = answer(&symbolizer, arguments->operands[i], error);
	release(&symbolizer);
	return status;
}

const struct allot_command command_symbolize = {
	.name = "symbolize",
	.operands = "[FILE+0xOFFSET…]",
	.summary = "tell the function and line of an address in a file",
	.help = "Addresses are as messages and logs have them: FILE+0xOFFSET, as the file itself counts.\n"
		"They are looked up as they are: from a return address, one has to be taken before.\n"
		"Inlined calls come before the function that they are in.\n"
		"\n"
		"Without operands, each line of standard input is an address, and may have the file's\n"
		"build-id behind a space; each answer ends with an empty line.",
	.options = options,
	.max_operands = -1,
	.run = run,
};
