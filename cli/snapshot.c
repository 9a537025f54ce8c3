/* SPDX-License-Identifier: MIT */
/* allot snapshot: of a running traced program, without stopping it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "attach.h"
#include "command.h"
#include "options.h"
#include "read/reader.h"

static const struct allot_option options[] = {
	{ "output", 'o', "FILE", "where the snapshot goes (default: allot.PID.snap)" },
	{ "objects", 0, NULL,
	  "with the objects of a program that uses liballot-object: it is stopped for some milliseconds and copied" },
	{ 0 },
};

static int read_pid(const char *text, int *pid, struct allot_error *error)
{
	char rest;

	if (sscanf(text, "%d%c", pid, &rest) != 1 || *pid < 1)
		return allotp_error(error, -EINVAL, "'%s' is not a process number", text);
	return 0;
}

static int freeze(int pid, struct allot_snapshot **out, struct allot_error *error)
{
	const struct allot_reader_end end = { .exit = ALLOT_EXIT_RUNNING };
	struct allot_reader reader;
	char name[32];
	int result = allotp_reader_open_process(&reader, pid, error);

	if (result)
		return result;
	snprintf(name, sizeof(name), "process %d", pid);
	result = allotp_reader_freeze(&reader, &end, name, out, error);
	allotp_reader_close(&reader);
	return result;
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	const char *path = allotp_option_value(&command_snapshot, arguments, "output");
	struct allot_snapshot *snapshot;
	char standard[64];
	int pid, result;

	if (read_pid(arguments->operands[0], &pid, error))
		return EXIT_USAGE;
	result = allotp_option_value(&command_snapshot, arguments, "objects")
			 ? allotp_attach_objects(pid, &snapshot, error)
			 : freeze(pid, &snapshot, error);
	if (result)
		return EXIT_USAGE;
	snprintf(standard, sizeof(standard), "allot.%d.snap", pid);
	signal(SIGXFSZ, SIG_IGN);
	result = allotp_snapshot_write(snapshot, path ? path : standard, error);
	if (!result)
		printf("%s\n", path ? path : standard);
	allotp_snapshot_free(snapshot);
	return result ? EXIT_USAGE : EXIT_OK;
}

const struct allot_command command_snapshot = {
	.name = "snapshot",
	.operands = "PID",
	.summary = "take a snapshot of a running traced program, without stopping it",
	.help = "The program must have been started by 'allot run', or with liballot.so in LD_PRELOAD.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
