// SPDX-License-Identifier: MIT
// A signal handler that calls operator new and delete between any two instructions of the tracer's while the program does: the
// processor's trap flag steps through them. In libc, whose malloc does not allow that, the handler does nothing. Prints how often
// it did. Ends with status 77 on processors other than x86-64.
#include <csignal>
#include <cstdio>
#include <dlfcn.h>
#include <new>
#include <ucontext.h>

#include "target.h"

#if defined(__x86_64__)
#define TRAP_FLAG 0x100L

static void *tracer;
static volatile long handled;

SITE void in_handler_863()
{
	::operator delete(::operator new(863));
}

SITE void stepped_877()
{
	__asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i"(TRAP_FLAG) : "cc", "memory");
	::operator delete(::operator new(877));
	__asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i"(~TRAP_FLAG) : "cc", "memory");
}

static void *module_of(void *address)
{
	Dl_info info;

	return dladdr(address, &info) ? info.dli_fbase : nullptr;
}

static void step(int, siginfo_t *, void *context)
{
	const ucontext_t *interrupted = static_cast<const ucontext_t *>(context);

	if (module_of(reinterpret_cast<void *>(interrupted->uc_mcontext.gregs[REG_RIP])) != tracer)
		return;
	in_handler_863();
	handled = handled + 1;
}

int main()
{
	struct sigaction action = {};

	// The second time: what is looked up once is known then.
	in_handler_863();
	tracer = module_of(dlsym(RTLD_DEFAULT, "_Znwm"));
	action.sa_sigaction = step;
	action.sa_flags = SA_SIGINFO;
	REQUIRE(sigaction(SIGTRAP, &action, nullptr) == 0);
	stepped_877();
	std::printf("%ld\n", handled + 1);
}
#else
int main()
{
	return 77;
}
#endif
