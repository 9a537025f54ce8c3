/* SPDX-License-Identifier: MIT */
/* Libraries that call past the hooks. */
#ifndef ALLOT_PRELOAD_BYPASS_H
#define ALLOT_PRELOAD_BYPASS_H

/*
 * Notes in the store which libraries have the real malloc or free where those of the hooks should be, as RTLD_DEEPBIND makes
 * it. Once, when the process ends.
 */
void allotp_bypass_note(void);

#endif
