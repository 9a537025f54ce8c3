/* SPDX-License-Identifier: MIT */
/* How the process ends, and what has to be got ready outside of any hook. */
#ifndef ALLOT_PRELOAD_LIFE_H
#define ALLOT_PRELOAD_LIFE_H

/* When recording begins: the program's end will be noted, and walks can be made. Once; again does nothing. May allocate. */
void allotp_life_begin(void);

#endif
