/* SPDX-License-Identifier: MIT */
/* A library that keeps pointers: in a variable, and in thread-local memory that is made when it is first used. */
void leak_keep(void *in_variable, void *in_thread);

static void *volatile variable;
static _Thread_local void *volatile own;

void leak_keep(void *in_variable, void *in_thread)
{
	variable = in_variable;
	own = in_thread;
}
