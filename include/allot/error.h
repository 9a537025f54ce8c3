/* SPDX-License-Identifier: MIT */
/* One error, as a line that a person can act on. */
#ifndef ALLOT_ERROR_H
#define ALLOT_ERROR_H

/* Functions that take one fill it in when they fail; NULL is fine. */
struct allot_error {
	char text[512]; /* no newline at the end; names the file and what is wrong with it */
};

#endif
