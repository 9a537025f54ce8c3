/* SPDX-License-Identifier: MIT */
/* Room on the stack, whatever the limit that we were started with. */
#ifndef ALLOT_CLI_STACK_H
#define ALLOT_CLI_STACK_H

/*
 * Calls the function: on a stack of its own if the limit (ulimit -s) is so low that libdw, which keeps large tables there,
 * would not fit. The limit itself stays, as the program that is run has to find it.
 */
int allotp_stack_call(int (*function)(int argc, char **argv), int argc, char **argv);

#endif
