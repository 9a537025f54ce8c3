/* SPDX-License-Identifier: MIT */
/* What runs that were killed have left behind: the stores of followed processes, in their private folders. */
#ifndef ALLOT_CLI_RESCUE_H
#define ALLOT_CLI_RESCUE_H

/*
 * Keeps the snapshots that a killed `allot run` of this user would have kept, where it would have, of all processes that have
 * ended, and removes what it left in memory. Says so on standard error. Two may do it at once.
 */
void allotp_rescue(void);

#endif
