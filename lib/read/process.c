/* SPDX-License-Identifier: MIT */
/* Opening the store of a running process, with an error that says what to do. */
#include <errno.h>
#include <stdio.h>

#include "read/mappings.h"
#include "read/reader.h"

int allotp_reader_open_process(struct allot_reader *reader, int pid, struct allot_error *error)
{
	int fd = allotp_mappings_open_store(pid);
	char name[32];

	snprintf(name, sizeof(name), "process %d", pid);
	switch (fd) {
	case -ESRCH:
		return allotp_error(error, fd, "%s: there is none", name);
	case -EACCES:
		return allotp_error(error, fd, "%s: it belongs to somebody else; try as that user or as root", name);
	case -ENODATA:
		return allotp_error(error, fd, "%s: it is not traced; start it with 'allot run'", name);
	case -ENXIO:
		return allotp_error(error, fd, "%s: it is traced, but its store cannot be reached from here", name);
	default:
		return allotp_reader_open(reader, fd, name, error);
	}
}
