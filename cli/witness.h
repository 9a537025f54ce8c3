/* SPDX-License-Identifier: MIT */
/*
 * Whether a signal that we got was sent to our whole process group: then the program has had it, and must not get it twice. The
 * kernel does not say; a process in the group that does nothing but block signals shows it.
 */
#ifndef ALLOT_CLI_WITNESS_H
#define ALLOT_CLI_WITNESS_H

#include <stdbool.h>
#include <sys/types.h>

struct allot_witness {
	pid_t pid; /* -1: none */
	int channel;
};

/* Starts the witness. Without one, no signal counts as the group's. */
void allotp_witness_open(struct allot_witness *witness);
void allotp_witness_close(struct allot_witness *witness);

/*
 * For a signal that we have blocked. Takes some milliseconds, as the sender may be at it yet; what comes meanwhile of the same
 * counts as one.
 */
bool allotp_witness_had(const struct allot_witness *witness, int signal);

#endif
