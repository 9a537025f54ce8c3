/* SPDX-License-Identifier: MIT */
/* One error, as a line that a person can act on. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>

int allotp_error(struct allot_error *error, int code, const char *format, ...)
{
	va_list args;

	if (!error)
		return code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}
