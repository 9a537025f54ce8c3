/* SPDX-License-Identifier: MIT */
/* Starting the program to be traced, and standing in for it: signals, stops and the exit status are its own. */
#ifndef ALLOT_CLI_LAUNCH_H
#define ALLOT_CLI_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "children.h"
#include "common/error.h"
#include "witness.h"

struct allot_launch {
	struct allot_launch_inherited { /* what the program is to find as we have found it */
		sigset_t mask;
		struct sigaction on_child;
	} inherited;
	pid_t pid;
	int signals; /* signalfd */
	bool ended;  /* waited for: status is valid */
	int status;  /* as from waitpid */
	bool left;   /* somebody wants us to end, and the program has ended already */
	struct allot_witness witness;
	struct allot_children before; /* our children that we have not started */
};

/* What the traced program gets in its environment. */
struct allot_launch_plan {
	const char *library;     /* path of liballot.so */
	const char *directory;   /* for stores that the program makes itself */
	int store_fd;            /* the memfd; inherited under another number. -1: none */
	uint32_t depth;          /* 0: no limit */
	uint64_t sampling_bytes; /* 0: record every block */
	bool follow, mmap, leaks;
	const char *repeat;  /* the name of the marks that are repetitions; NULL: none */
	unsigned heuristics; /* with which leaks are looked for: ALLOT_SCAN_* */
	uint64_t why;        /* an address in a block of which is to be told what keeps it alive; 0: none */
};

/*
 * Runs argv[0], looked up in PATH. Returns 0, or a negative errno with the error when it cannot be executed. If children
 * are followed, this process takes the place of init for all that the program starts.
 */
int allotp_launch(struct allot_launch *launch, const struct allot_launch_plan *plan, char **argv,
		  struct allot_error *error);

/* Waits for at most timeout_ms, passes signals on, and notes the program's end; or that we are to end, after that. */
void allotp_launch_wait(struct allot_launch *launch, int timeout_ms);

/*
 * When the program has ended and children are followed: those that it, or what it started, has left behind and that
 * still run. Their own children are not among them, but will be if they are left behind in their turn.
 */
void allotp_launch_orphans(const struct allot_launch *launch, struct allot_children *out);

/* The exit status of `allot run`: the program's own, or 128 + the signal that ended it. */
int allotp_launch_exit_status(const struct allot_launch *launch);

/* Gives the signals back, but for those that are blocked: they go on when inherited.mask is set. */
void allotp_launch_finish(struct allot_launch *launch);

#endif
