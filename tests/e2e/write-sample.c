/* SPDX-License-Identifier: MIT */
/* write-sample FILE [old]: writes the snapshot that the tests of reports are about, or one a little older. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "report-sample.h"

int main(int argc, char **argv)
{
	struct allot_snapshot *snapshot = sample_program();
	struct allot_error error = { .text = "usage: write-sample FILE [old]" };
	int rc = -1;

	if (argc > 2 && !strcmp(argv[2], "old"))
		snapshot->sites[0].live.bytes -= 2000;
	if (argc > 1)
		rc = allotp_snapshot_write(snapshot, argv[1], &error);
	if (rc < 0)
		fprintf(stderr, "%s\n", error.text);
	allotp_snapshot_free(snapshot);
	return rc < 0;
}
