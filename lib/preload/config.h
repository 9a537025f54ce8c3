/* SPDX-License-Identifier: MIT */
/* What the environment says, and what becomes of it. */
#ifndef ALLOT_PRELOAD_CONFIG_H
#define ALLOT_PRELOAD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "store/layout.h"

#define ALLOT_CONFIG_TEXT 4096

/*
 * variable          meaning
 * ALLOT             0: do not trace before the program asks for it; N: trace, and keep the innermost N frames of each stack
 * ALLOT_DIR         where the store file goes; "" or unset: the working directory
 * ALLOT_STORE_FD    an open, empty memfd to take as the store (set by `allot run`, for one program only)
 * ALLOT_FOLLOW      0: trace this program only, not those that it starts; 1 (default): them too
 * ALLOT_RING        events in a segment of a ring: a power of two from 16 to 65536
 * ALLOT_VERIFY      N: compare every N-th stack with what libunwind makes of it; slow, for testing
 * ALLOT_MMAP        1: record mmap, munmap and mremap as a domain of their own
 * ALLOT_SAMPLE      record one block about every so many bytes that a thread allocates, 1 to 2^40; 0 (default): every block
 * ALLOT_LEAKS       1: look for leaks when the program exits; or a list of heuristics to do so with, all, or none
 * ALLOT_WHY         an address as 0xN: when leaks are looked for, note which pointers keep the block there alive
 * ALLOT_REPEAT      the name of the marks at which a point of the sites' history is made
 * ALLOT_SAMPLE_SEED what the choice of blocks starts from, so that it can be repeated; 0 (default): chance
 */
struct allot_config {
	bool off;                /* ALLOT=0, or nonsense: nothing is traced, unless the program asks for it */
	bool invalid;            /* nonsense: not even then */
	bool follow;
	bool by_run;             /* `allot run` has set the environment up: it always says whether to follow */
	bool record_mmap;
	bool leaks;              /* to be looked for at exit */
	uint8_t heuristics;      /* with these: ALLOT_SCAN_* */
	uint64_t why;            /* an address in a block of which it is to be told what keeps it alive; 0: none */
	uint32_t depth_limit;    /* 0: none */
	uint32_t ring_events;
	uint32_t verify;         /* compare every N-th stack; 0: none */
	int store_fd;            /* -1: none */
	uint64_t sampling_bytes; /* 0: every block */
	uint64_t sampling_seed;  /* 0: none */
	char repeat[ALLOT_NAME_SIZE + 1];  /* ""; none. Cut, as the names of marks are */
	char directory[ALLOT_CONFIG_TEXT]; /* "" if it was too long: then nothing is traced */
	char preload[ALLOT_CONFIG_TEXT];   /* LD_PRELOAD as it was */
	char library[ALLOT_CONFIG_TEXT];   /* our own entry in it */
};

extern struct allot_config allotp_config;

/*
 * Reads the environment, once, without allocating. A value that makes no sense turns tracing off, and a line on
 * stderr names the variable.
 */
void allotp_config_read(void);

/* Takes our entry, and only that, out of the value of a LD_PRELOAD. In place. */
void allotp_config_remove_entry(char *list);

/*
 * Takes out of the environment what must not reach the programs that this one starts: the memfd's number always;
 * when they are not to be followed, our entry of LD_PRELOAD and our other variables too. The user's own entries stay.
 */
void allotp_config_hide(void);

#endif
