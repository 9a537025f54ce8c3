/* SPDX-License-Identifier: MIT */
/* One error, as a line that a person can act on. Functions that take one fill it in when they fail. */
#ifndef ALLOT_COMMON_ERROR_H
#define ALLOT_COMMON_ERROR_H

#include <allot/error.h>

/* Fills in the error (NULL is fine) and returns code, so that `return allotp_error(e, -EINVAL, "…")` reads well. */
int allotp_error(struct allot_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
