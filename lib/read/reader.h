/* SPDX-License-Identifier: MIT */
/*
 * A store as its readers see it: `allot run` while its program runs, and the commands that open a store file or look
 * into a running program. A reader drains like everybody else, and freezes what it then holds.
 */
#ifndef ALLOT_READ_READER_H
#define ALLOT_READ_READER_H

#include "common/error.h"
#include "snapshot/snapshot.h"
#include "store/store.h"

struct allot_reader {
	struct allot_store store;
	int fd;         /* of the store's file; the reader's own */
	uint64_t inode; /* of that file */
	bool announced; /* producers have been told of us */
	bool copy;      /* the mapping is our own: what is done to it does not reach the file */
};

/* Takes the descriptor over (also on failure). name is for errors. 0 or a negative errno with the error. */
int allotp_reader_open(struct allot_reader *reader, int fd, const char *name, struct allot_error *error);
/* The same for a store file that its program writes to, or may. -EBADMSG: it is something else. */
int allotp_reader_open_path(struct allot_reader *reader, const char *path, struct allot_error *error);
/*
 * The same for any store file. One that no running program has mapped is read as a copy: the file stays as it is, needs
 * not be writable, and several may read it at once.
 */
int allotp_reader_open_file(struct allot_reader *reader, const char *path, struct allot_error *error);
/* The store of a running process, found by its mappings. -ESRCH: it is not there, -ENODATA: it is not traced. */
int allotp_reader_open_process(struct allot_reader *reader, int pid, struct allot_error *error);
void allotp_reader_close(struct allot_reader *reader);

/* True once the traced program has filled the header in. */
bool allotp_reader_ready(const struct allot_reader *reader);

/* Says to the producers that somebody drains now and then. */
void allotp_reader_announce(struct allot_reader *reader);

/* Drains what there is, if nobody else is at it. Returns how many events. */
uint64_t allotp_reader_poll(struct allot_reader *reader);

/* Whether the process that the store belongs to still has it mapped. Asks /proc, or the file's lock if the process is not
 * to be seen from here. */
bool allotp_reader_is_running(const struct allot_reader *reader);

/* The same for less: false only if it may have ended. */
bool allotp_reader_seems_running(const struct allot_reader *reader);

/*
 * The i-th (< ALLOT_REFUSED) of the programs that the process executed and that could not be traced: path and reason, and how
 * many times. False: there are no more.
 */
bool allotp_reader_refused(const struct allot_reader *reader, unsigned int i, char *text, size_t size, uint32_t *count);

struct allot_reader_end {
	bool over;            /* nobody writes to the store any more: take all there is, whoever held the lock */
	enum allot_exit exit; /* how it ended, if the caller knows; else ALLOT_EXIT_UNKNOWN, and the store is asked */
	int exit_value;
	bool tick; /* the looks at this one come at even times: to be a point of the history, if marks are not */
};

/* Drains all and freezes. Waits, for some seconds at most, while somebody else drains. 0 or a negative errno. */
int allotp_reader_freeze(struct allot_reader *reader, const struct allot_reader_end *end, const char *name,
			 struct allot_snapshot **out, struct allot_error *error);

/*
 * An image that a program has made of its own store (allot_take_snapshot), from memory; nothing of it is trusted. name is
 * for errors. 0 or a negative errno; -EBADMSG: it is something else.
 */
int allotp_reader_freeze_image(const void *data, size_t size, const char *name, struct allot_snapshot **out,
			       struct allot_error *error);

#endif
