/* SPDX-License-Identifier: MIT */
/* Room on the stack, whatever the limit that we were started with. */
#include "stack.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

enum { ENOUGH = 1 << 20, ROOM = 8 << 20 };

static struct call {
	int (*function)(int argc, char **argv);
	int argc, result;
	char **argv;
	ucontext_t here, there;
} call;

static void make_call(void)
{
	call.result = call.function(call.argc, call.argv);
}

int allotp_stack_call(int (*function)(int argc, char **argv), int argc, char **argv)
{
	struct rlimit limit;
	void *stack;

	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur >= ENOUGH)
		return function(argc, argv);
	stack = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED || getcontext(&call.there))
		return function(argc, argv);
	call.function = function;
	call.argc = argc;
	call.argv = argv;
	call.there.uc_stack.ss_sp = stack;
	call.there.uc_stack.ss_size = ROOM;
	call.there.uc_link = &call.here;
	makecontext(&call.there, make_call, 0);
	swapcontext(&call.here, &call.there);
	munmap(stack, ROOM);
	return call.result;
}
