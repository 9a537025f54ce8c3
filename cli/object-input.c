/* SPDX-License-Identifier: MIT */
/* A snapshot that has a table of objects, or a program that runs. */
#include "object-input.h"

#include <errno.h>
#include <string.h>

#include "attach.h"
#include "library/handle.h"

static int open_process(int pid, allot_snapshot_t **out, struct allot_error *error)
{
	struct allot_snapshot *snapshot;
	int rc = allotp_attach_objects(pid, &snapshot, error);

	if (rc < 0)
		return rc;
	rc = allotp_handle_new(snapshot, out);
	if (rc < 0) {
		allotp_snapshot_free(snapshot);
		return allotp_error(error, rc, "out of memory");
	}
	return 0;
}

/* Why a snapshot has no table. */
static int refuse(const char *operand, const struct allot_snapshot *snapshot, struct allot_error *error)
{
	const struct allot_object_table *table = &snapshot->objects;

	if (!table->announced) {
		allotp_error(error, -ENODATA, "%s: it has no objects: the program does not use liballot-object",
			     operand);
		return EXIT_USAGE;
	}
	if (table->error == EFAULT)
		allotp_error(
			error, -ENODATA,
			"%s: the objects are not known: the copy of the program that was to tell them died, in a function of "
			"a type or because they were just being changed",
			operand);
	else if (table->error)
		allotp_error(error, -ENODATA, "%s: the objects are not known: %s", operand, strerror(table->error));
	else
		allotp_error(error, -ENODATA,
			     "%s: it is without the objects: the program had not come to its end when it was taken; "
			     "'allot snapshot --objects PID' takes them, too",
			     operand);
	return EXIT_INCOMPLETE;
}

int allotp_object_input(const char *operand, struct allot_progress_line *progress, allot_snapshot_t **out,
			struct allot_error *error)
{
	allot_snapshot_t *snapshot = NULL;
	int pid, status, rc;

	rc = allotp_is_process(operand, &pid) ? open_process(pid, &snapshot, error)
					      : allot_snapshot_load(operand, &snapshot, error);
	if (rc < 0)
		return rc == -EAGAIN ? EXIT_INCOMPLETE : EXIT_USAGE;
	if (!allot_snapshot_has_objects(snapshot)) {
		status = refuse(operand, snapshot->snapshot, error);
		allot_snapshot_free(snapshot);
		return status;
	}
	allot_snapshot_set_progress(snapshot, allotp_progress_line_show, progress);
	*out = snapshot;
	return EXIT_OK;
}
