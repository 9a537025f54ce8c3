/* SPDX-License-Identifier: MIT */
/* What runs that were killed have left behind: the stores of followed processes, in their private folders. */
#include "rescue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outcome.h"
#include "report/print.h"
#include "tracees.h"

/* The place for the snapshots, as the run has noted it. False: it was killed before it could. */
static bool read_base(int owner, char *base, size_t size)
{
	ssize_t got = pread(owner, base, size - 1, 0);

	base[got > 0 ? got : 0] = 0;
	return *base == '/';
}

/*
 * The snapshots, but of processes that still run. False: they cannot be written, and nothing was changed. If the folder where they
 * were to go is gone, nobody waits for them any more.
 */
static bool keep(const char *directory, const char *base)
{
	struct allot_tracees tracees = { .owner = -1 };
	struct allot_outcome outcome = { .output = base };
	struct allot_error error;
	int result = allotp_outcome_open(&outcome, &error);

	if (result == -ENOENT)
		return true;
	if (result) {
		fputs("allot run: what an earlier run that was killed had followed cannot be kept yet: ", stderr);
		allotp_put(stderr, error.text);
		putc('\n', stderr);
		return false;
	}
	snprintf(tracees.directory, sizeof(tracees.directory), "%s", directory);
	allotp_outcome_name(&outcome, "", 0);
	allotp_tracees_poll(&tracees, true);
	allotp_outcome_ended(&outcome, &tracees, 0);
	if (outcome.kept.count)
		fputs("allot run: an earlier run was killed; what it had followed is kept now:\n", stderr);
	allotp_kept_print(&outcome.kept, stderr, outcome.base);
	allotp_outcome_release(&outcome);
	allotp_tracees_close(&tracees);
	return true;
}

static void rescue(const char *directory)
{
	char path[PATH_MAX], base[PATH_MAX];
	int owner = allotp_tracees_lock(directory);

	/* An empty one was made a moment ago, or its run was killed in that moment: the former makes another. */
	if (owner == -ENOENT)
		rmdir(directory);
	if (owner < 0)
		return;
	if ((!allotp_tracees_stores(directory) || !read_base(owner, base, sizeof(base)) || keep(directory, base)) &&
	    !allotp_tracees_sweep(directory)) {
		snprintf(path, sizeof(path), "%s/" ALLOT_TRACEES_OWNER, directory);
		unlink(path);
		rmdir(directory);
	}
	close(owner);
}

static bool is_ours(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

void allotp_rescue(void)
{
	static const char beginning[] = "allot-";
	const char *places[ALLOT_TRACEES_PLACES];

	allotp_tracees_places(places);
	for (int i = 0; i < ALLOT_TRACEES_PLACES; i++) {
		DIR *place = places[i] ? opendir(places[i]) : NULL;
		struct dirent *entry;
		char path[256];

		while (place && (entry = readdir(place))) {
			if (strncmp(entry->d_name, beginning, sizeof(beginning) - 1) ||
			    strlen(entry->d_name) != sizeof(beginning) - 1 + 6 ||
			    (size_t)snprintf(path, sizeof(path), "%s/%s", places[i], entry->d_name) >= sizeof(path))
				continue;
			if (is_ours(path))
				rescue(path);
		}
		if (place)
			closedir(place);
	}
}
