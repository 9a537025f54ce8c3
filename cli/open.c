/* SPDX-License-Identifier: MIT */
/* Opening what the user names, whatever kind of file it is. */
#include "open.h"

int allotp_snapshot_open(const char *path, struct allot_snapshot **out, struct allot_error *error)
{
	return allotp_snapshot_read(path, out, error);
}
