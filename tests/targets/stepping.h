/* SPDX-License-Identifier: MIT */
/* Steps through the tracer's instructions by the processor's trap flag, for the targets whose handlers come between any two. */
#ifndef ALLOT_TESTS_STEPPING_H
#define ALLOT_TESTS_STEPPING_H

#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include "target.h"

#if defined(__x86_64__)
#define TRAP_FLAG 0x100L

/* SIGTRAP after each instruction from here on, up to there. In a function that calls others, and so has no red zone. */
#define STEPPING_BEGIN()                                                                                               \
	__asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i"(TRAP_FLAG) : "cc", "memory")
#define STEPPING_END()                                                                                                 \
	__asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i"(~TRAP_FLAG) : "cc", "memory")

static void *stepping_tracer;

static inline void *stepping_module(void *address)
{
	Dl_info info;

	return dladdr(address, &info) ? info.dli_fbase : NULL;
}

/* Has SIGTRAP handled. The tracer is what has that function. */
static inline void stepping_handle(const char *function, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action;

	stepping_tracer = stepping_module(dlsym(RTLD_DEFAULT, function));
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO;
	REQUIRE(sigaction(SIGTRAP, &action, NULL) == 0);
}

/* In the handler: whether it is the tracer that was interrupted. */
static inline bool stepping_in_tracer(const ucontext_t *interrupted)
{
	return stepping_module((void *)interrupted->uc_mcontext.gregs[REG_RIP]) == stepping_tracer;
}
#endif

#endif
