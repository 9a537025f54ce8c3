/* SPDX-License-Identifier: MIT */
/*
 * What makes a call site the same in two runs, though the program was edited, built anew and lies elsewhere in memory: the
 * modules and functions along its stack. Lines, addresses and files are not compared. What two builds of the same source may
 * differ in is folded:
 *
 * - names as gate/fold.h says;
 * - a function that calls itself is one frame, however deep;
 * - of the C library only the function that was called counts, and what starts main() and threads does not;
 * - frames without a name are one per module.
 *
 * Calls that were inlined are frames like others. Where a compiler leaves none (no debug information, tail calls) stacks do
 * differ; gate/change.h finds those.
 */
#ifndef ALLOT_GATE_IDENTITY_H
#define ALLOT_GATE_IDENTITY_H

#include "gate/trace.h"
#include "report/keys.h"

/*
 * The key of a stack that allocated in a domain ("malloc" leaves no mark in it). A label's file is the folded module, its
 * text the folded function, "" if not known. Returns 0 and *key, or -ENOMEM.
 */
int allotp_identity_key(struct allot_keys *keys, const struct allot_trace *trace, const char *domain, uint32_t *key);

/* The labels of a key, innermost first, malloc'ed; *count of them. NULL: no memory. Valid until a label is added. */
const struct allot_label **allotp_identity_labels(const struct allot_keys *keys, uint32_t key, uint32_t *count);

/*
 * A number that is the same for the same identity in every run, for those who keep track of what was reported: 16
 * hexadecimal digits.
 */
struct allot_fingerprint {
	char text[17];
};

struct allot_fingerprint allotp_identity_fingerprint(const struct allot_keys *keys, uint32_t key);

#endif
