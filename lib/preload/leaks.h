/* SPDX-License-Identifier: MIT */
/* Looking for leaks in this process: when it exits, and when it asks. */
#ifndef ALLOT_PRELOAD_LEAKS_H
#define ALLOT_PRELOAD_LEAKS_H

#include "store/store.h"

/* If it was asked for: looks for leaks, once in a process. Where it ends, after all that the program does then. */
void allotp_leaks_at_exit(void);

/*
 * Looks for leaks now: stops the other threads, copies the process, lets them go on and looks through the copy, while the
 * calling thread waits. What is found is in the store's header. Not in signal handlers. 0; -ENODATA: nothing is traced;
 * other negative errnos when no look was possible, which the header then tells.
 */
int allotp_leaks_look(void);

/* Memory that is a root, whoever points to it; until it is unnamed. 0; -ENOSPC, -ENOENT. Any thread. */
int allotp_leaks_name(uint64_t start, uint64_t end);
int allotp_leaks_unname(uint64_t start, uint64_t end);

/* Tells, in a fresh store, what somebody needs who looks from outside. */
void allotp_leaks_announce(struct allot_store *store);

#endif
