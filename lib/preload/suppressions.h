/* SPDX-License-Identifier: MIT */
/* What a program itself says is no leak: by __lsan_default_suppressions(), which it may define for LeakSanitizer. */
#ifndef ALLOT_PRELOAD_SUPPRESSIONS_H
#define ALLOT_PRELOAD_SUPPRESSIONS_H

/*
 * Calls it, if there is one, the first time; it may allocate. To be called where the program may be: at its start, as
 * LeakSanitizer does, or when it asks for a look.
 */
void allotp_suppressions_ask(void);

/* What it has said, to be kept in the store once. Whoever looks for leaks, in the copy. */
void allotp_suppressions_tell(void);

#endif
