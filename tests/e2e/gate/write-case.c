/* SPDX-License-Identifier: MIT */
/* Writes a snapshot for gate.test: `write-case FILE KIND…`, where each kind changes the one before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "report-sample.h"

static void add_site(struct allot_snapshot *snapshot, const char *caller, const char *callee, uint64_t bytes,
		     uint64_t blocks, uint32_t region)
{
	static uint64_t offset = 0x100;
	uint32_t node = sample_frame(snapshot, ALLOT_NODE_ROOT, offset += 16, "main main.c:10");

	node = sample_frame(snapshot, node, offset += 16, caller);
	if (callee)
		node = sample_frame(snapshot, node, offset += 16, callee);
	sample_site(snapshot, node, (struct allot_count){ bytes, blocks },
		    (struct allot_count){ bytes + 1000, blocks + 1 })
		->region = region;
}

static void add_region(struct allot_snapshot *snapshot, const char *name, uint32_t parent, uint64_t peak)
{
	size_t size = (snapshot->region_count + (size_t)1) * sizeof(*snapshot->regions);

	snapshot->regions = realloc(snapshot->regions, size);
	if (!snapshot->regions)
		abort();
	snapshot->regions[snapshot->region_count++] = (struct allot_program_region){
		.name = strdup(name), .parent = parent, .live = { 100, 1 }, .peak = { peak, 5 }, .ever = { 9000, 9 }
	};
}

static struct allot_snapshot *make(bool old)
{
	struct allot_snapshot *snapshot = sample_new();

	add_region(snapshot, "parse", 0, old ? 4000 : 5000);
	add_region(snapshot, "lex", 1, 2000);
	add_site(snapshot, "parse src/parse.c:20", "xmalloc src/util.h:5", old ? 1000 : 3000, old ? 1 : 3, 1);
	add_site(snapshot, old ? "load_old src/load.c:7" : "load_new src/load.c:9", NULL, 1024, 1, 0);
	add_site(snapshot, "keep keep.c:3", NULL, 100, 1, 2);
	if (!old)
		add_site(snapshot, "Set<A&,\x01\"x|y\">::add(int)% src/odd\xff,%name:1.c:7", NULL, 64, 2, 0);
	return snapshot;
}

/* Of the three blocks of xmalloc one is lost, and holds the one of keep. The others can be reached. */
static void look(struct allot_snapshot *snapshot)
{
	const struct allot_leak_group groups[] = {
		{ 0, ALLOT_LEAK_DEFINITE, { 1000, 1 } },
		{ 0, ALLOT_LEAK_REACHABLE, { 2000, 2 } },
		{ 2, ALLOT_LEAK_INDIRECT, { 100, 1 } },
	};
	const struct allot_leaked lost[] = {
		{ .address = 0x1000, .size = 1000, .site = 0, .leak_class = ALLOT_LEAK_DEFINITE, .leader = 0 },
		{ .address = 0x2000, .size = 100, .site = 2, .leak_class = ALLOT_LEAK_INDIRECT, .leader = 0 },
	};

	snapshot->leaks.looked = true;
	snapshot->leak_groups = malloc(sizeof(groups));
	snapshot->lost = malloc(sizeof(lost));
	if (!snapshot->leak_groups || !snapshot->lost)
		abort();
	memcpy(snapshot->leak_groups, groups, sizeof(groups));
	memcpy(snapshot->lost, lost, sizeof(lost));
	snapshot->leak_group_count = sizeof(groups) / sizeof(groups[0]);
	snapshot->lost_count = sizeof(lost) / sizeof(lost[0]);
}

static void change(struct allot_snapshot *snapshot, const char *kind)
{
	if (!strcmp(kind, "killed")) {
		snapshot->trust.exit = ALLOT_EXIT_SIGNALED;
		snapshot->trust.exit_value = 9;
	} else if (!strcmp(kind, "lost")) {
		snapshot->trust.lost[ALLOT_LOST_STORE_FULL] = 12;
	} else if (!strcmp(kind, "stopped")) {
		snapshot->trust.stopped = true;
	} else if (!strcmp(kind, "running")) {
		snapshot->trust.exit = ALLOT_EXIT_RUNNING;
	} else if (!strcmp(kind, "truncated")) {
		snapshot->trust.walks = 1000;
		snapshot->trust.truncated = 20;
	} else if (!strcmp(kind, "looked")) {
		look(snapshot);
	} else if (!strcmp(kind, "nothing")) {
		snapshot->trust.events = 0;
	}
}

int main(int argc, char **argv)
{
	struct allot_snapshot *snapshot;
	struct allot_error error;

	if (argc < 3)
		return 2;
	snapshot = make(!strcmp(argv[2], "old"));
	for (int i = 2; i < argc; i++)
		change(snapshot, argv[i]);
	if (allotp_snapshot_write(snapshot, argv[1], &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	allotp_snapshot_free(snapshot);
	return 0;
}
