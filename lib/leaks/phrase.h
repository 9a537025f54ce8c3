/* SPDX-License-Identifier: MIT */
/* How a look for leaks was made, in words. */
#ifndef ALLOT_LEAKS_PHRASE_H
#define ALLOT_LEAKS_PHRASE_H

#include "snapshot/snapshot.h"

/* "alone", "ptrace", "signals": for JSON. */
const char *allotp_look_method_name(const struct allot_leaks *leaks);

/* "Looked at exit; 3 threads, stopped by ptrace, stood still for 0.4 ms; …." */
void allotp_look_text(const struct allot_leaks *leaks, char *buffer, size_t size);

#endif
