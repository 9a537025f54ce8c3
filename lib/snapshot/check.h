/* SPDX-License-Identifier: MIT */
/* What must be true of every snapshot, in one place for the writer and the reader. */
#ifndef ALLOT_SNAPSHOT_CHECK_H
#define ALLOT_SNAPSHOT_CHECK_H

struct allot_snapshot;

/*
 * Checks what snapshot.h promises: indices within their arrays, parents before children, blocks and symbols in
 * order, no missing string. Returns NULL, or the first thing that is wrong, as a few words for an error line.
 */
const char *allotp_snapshot_check(const struct allot_snapshot *snapshot);

/* The same in two parts: all but the symbols, and those. */
const char *allotp_snapshot_check_body(const struct allot_snapshot *snapshot);
const char *allotp_snapshot_check_symbols(const struct allot_snapshot *snapshot);

#endif
