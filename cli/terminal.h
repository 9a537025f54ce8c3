/* SPDX-License-Identifier: MIT */
/* What is known of the terminal. */
#ifndef ALLOT_CLI_TERMINAL_H
#define ALLOT_CLI_TERMINAL_H

/* Columns of the terminal behind a file descriptor; 0 if there is none. */
unsigned allotp_terminal_width(int fd);

#endif
