/* SPDX-License-Identifier: MIT */
/* Snapshots made by hand, symbols included, for the tests of reports. */
#include "report-sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "snapshot/counts.h"

static void *checked(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static void *grown(void *array, uint32_t count, size_t size)
{
	return checked(reallocarray(array, count + (size_t)1, size));
}

static char *copy(const char *text)
{
	return checked(strdup(text));
}

struct allot_snapshot *sample_new(void)
{
	struct allot_snapshot *snapshot = checked(allotp_snapshot_new());

	free(snapshot->program);
	free(snapshot->command);
	snapshot->program = copy("/usr/bin/sample");
	snapshot->command = copy("sample --all");
	snapshot->pid = 42;
	snapshot->time_ns = UINT64_C(1500000000);
	snapshot->trust.exit = ALLOT_EXIT_CLEAN;
	sample_module(snapshot, "/usr/bin/sample", 0x400000);
	return snapshot;
}

uint32_t sample_module(struct allot_snapshot *snapshot, const char *path, uint64_t bias)
{
	uint32_t number = snapshot->module_count;
	struct allot_module *module;

	snapshot->modules = grown(snapshot->modules, number, sizeof(*module));
	module = &snapshot->modules[number];
	*module = (struct allot_module){
		.path = copy(path), .start = bias, .end = bias + 0x100000, .bias = bias, .build_id_size = 20
	};
	memset(module->build_id, (int)number, module->build_id_size);
	snapshot->module_count++;
	return number;
}

uint32_t sample_node(struct allot_snapshot *snapshot, uint32_t parent, uint32_t module, uint64_t offset)
{
	uint32_t number = snapshot->node_count;

	snapshot->nodes = grown(snapshot->nodes, number, sizeof(*snapshot->nodes));
	snapshot->nodes[number] = (struct allot_node){ snapshot->modules[module].bias + offset, parent, module, 0 };
	snapshot->node_count++;
	return number;
}

/* "function file:line", "function" or "?" */
static struct allot_frame frame_of(char *text)
{
	struct allot_frame frame = { 0 };
	char *file = strrchr(text, ' '), *line = file ? strrchr(file, ':') : NULL;

	if (line) {
		*file++ = *line++ = '\0';
		frame.file = copy(file);
		frame.line = (uint32_t)strtoul(line, NULL, 10);
	}
	if (strcmp(text, "?"))
		frame.function = copy(text);
	return frame;
}

void sample_symbol(struct allot_snapshot *snapshot, uint32_t module, uint64_t offset, const char *frames)
{
	uint64_t address = snapshot->modules[module].bias + offset;
	struct allot_symbol symbol = { .module = module, .address = address };
	char *text, *rest, *one;

	if (allotp_snapshot_symbol(snapshot, module, address, false))
		return;
	text = rest = copy(frames);
	while ((one = strsep(&rest, ";"))) {
		symbol.frames = grown(symbol.frames, symbol.frame_count, sizeof(*symbol.frames));
		symbol.frames[symbol.frame_count] = frame_of(one);
		symbol.frames[symbol.frame_count++].inlined = rest != NULL;
	}
	free(text);
	snapshot->symbols = grown(snapshot->symbols, snapshot->symbol_count, sizeof(symbol));
	snapshot->symbols[snapshot->symbol_count++] = symbol;
	qsort(snapshot->symbols, snapshot->symbol_count, sizeof(symbol), allotp_symbol_compare);
}

uint32_t sample_frame(struct allot_snapshot *snapshot, uint32_t parent, uint64_t offset, const char *frames)
{
	sample_symbol(snapshot, 1, offset, frames);
	return sample_node(snapshot, parent, 1, offset);
}

struct allot_site *sample_site(struct allot_snapshot *snapshot, uint32_t stack, struct allot_count live,
			       struct allot_count ever)
{
	struct allot_site *site;

	snapshot->sites = grown(snapshot->sites, snapshot->site_count, sizeof(*site));
	site = &snapshot->sites[snapshot->site_count++];
	*site = (struct allot_site){ .stack = stack, .live = live, .peak = ever, .ever = ever };
	allotp_count_add(&snapshot->live, live);
	allotp_count_add(&snapshot->peak, ever);
	allotp_count_add(&snapshot->ever, ever);
	snapshot->frees += ever.blocks - live.blocks;
	snapshot->trust.events += 2 * ever.blocks - live.blocks;
	snapshot->trust.walks += ever.blocks;
	return site;
}

struct allot_snapshot *sample_program(void)
{
	struct allot_snapshot *snapshot = sample_new();
	uint32_t libc = sample_module(snapshot, "/lib/libc.so.6", 0x7f0000000000);
	uint32_t plug = sample_module(snapshot, "/opt/plug/libplug.so", 0x7f0001000000);
	uint32_t node;

	sample_symbol(snapshot, libc, 0x900, "malloc");
	node = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x100, "main main.c:10");
	node = sample_frame(snapshot, node, 0x200, "xmalloc util.h:5;parse parse.c:20");
	node = sample_node(snapshot, node, libc, 0x900);
	sample_site(snapshot, node, (struct allot_count){ 3000, 3 }, (struct allot_count){ 4000, 4 });
	node = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x110, "main main.c:11");
	node = sample_frame(snapshot, node, 0x300, "load load.c:7");
	node = sample_node(snapshot, node, libc, 0x900);
	sample_site(snapshot, node, (struct allot_count){ 1024, 1 }, (struct allot_count){ 1024, 1 });
	node = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x120, "main main.c:12");
	node = sample_node(snapshot, node, plug, 0x1234);
	node = sample_node(snapshot, node, libc, 0x900);
	sample_site(snapshot, node, (struct allot_count){ 0, 0 }, (struct allot_count){ 500, 5 });
	return snapshot;
}
