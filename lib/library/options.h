/* SPDX-License-Identifier: MIT */
/* Whether what a user asks for makes sense. */
#ifndef ALLOT_LIBRARY_OPTIONS_H
#define ALLOT_LIBRARY_OPTIONS_H

#include <allot/snapshot.h>

/*
 * Whether the sites of a snapshot, and of an older one unless it is NULL, can be grouped so. 0, or with the error filled in
 * -EINVAL, or -ENODATA: by type, but there is no table of objects.
 */
int allotp_grouping_check(const allot_snapshot_t *snapshot, const allot_snapshot_t *older, enum allot_group_by group_by,
			  enum allot_measure measure, bool cumulative, struct allot_error *error);

#endif
