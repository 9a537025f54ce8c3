/* SPDX-License-Identifier: MIT */
/* Whether what a user asks for makes sense. */
#ifndef ALLOT_LIBRARY_OPTIONS_H
#define ALLOT_LIBRARY_OPTIONS_H

#include <allot/snapshot.h>

/* 0, or -EINVAL with the error filled in. */
int allotp_grouping_check(enum allot_group_by group_by, enum allot_measure measure, bool cumulative,
			  struct allot_error *error);

/* 0, or -ENODATA with the error filled in: groups by type, but no table of objects. NULL is fine. */
int allotp_objects_check(const allot_snapshot_t *snapshot, enum allot_group_by group_by, struct allot_error *error);

#endif
