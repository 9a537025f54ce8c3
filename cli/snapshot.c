/* SPDX-License-Identifier: MIT */
/* allot snapshot: of a running traced program, without stopping it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "command.h"
#include "options.h"
#include "read/reader.h"

static const struct allot_option options[] = {
	{ "output", 'o', "FILE", "where the snapshot goes (default: allot.PID.snap)" },
	{ 0 },
};

static int read_pid(const char *text, int *pid, struct allot_error *error)
{
	char rest;

	if (sscanf(text, "%d%c", pid, &rest) != 1 || *pid < 1)
		return allotp_error(error, -EINVAL, "'%s' is not a process number", text);
	return 0;
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	const char *path = allotp_option_value(&command_snapshot, arguments, "output");
	struct allot_reader_end end = { .exit = ALLOT_EXIT_RUNNING };
	struct allot_snapshot *snapshot;
	struct allot_reader reader;
	char name[32], standard[64];
	int pid, result;

	if (read_pid(arguments->operands[0], &pid, error) || allotp_reader_open_process(&reader, pid, error))
		return EXIT_USAGE;
	snprintf(name, sizeof(name), "process %d", pid);
	snprintf(standard, sizeof(standard), "allot.%d.snap", pid);
	result = allotp_reader_freeze(&reader, &end, name, &snapshot, error);
	if (!result) {
		signal(SIGXFSZ, SIG_IGN);
		result = allotp_snapshot_write(snapshot, path ? path : standard, error);
		if (!result)
			printf("%s\n", path ? path : standard);
		allotp_snapshot_free(snapshot);
	}
	allotp_reader_close(&reader);
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
