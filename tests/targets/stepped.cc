// SPDX-License-Identifier: MIT
// A signal handler that calls operator new and delete between any two instructions of the tracer's while the program does: the
// processor's trap flag steps through them. In libc, whose malloc does not allow that, the handler does nothing. Prints how often
// it did. Ends with status 77 on processors other than x86-64.
#include <cstdio>
#include <new>

#include "stepping.h"

#if defined(__x86_64__)
static volatile long handled;

SITE void in_handler_863()
{
	::operator delete(::operator new(863));
}

SITE void stepped_877()
{
	STEPPING_BEGIN();
	::operator delete(::operator new(877));
	STEPPING_END();
}

static void step(int, siginfo_t *, void *context)
{
	if (!stepping_in_tracer(static_cast<const ucontext_t *>(context)))
		return;
	in_handler_863();
	handled = handled + 1;
}

int main()
{
	// The second time: what is looked up once is known then.
	in_handler_863();
	stepping_handle("_Znwm", step);
	stepped_877();
	std::printf("%ld\n", handled + 1);
}
#else
int main()
{
	return 77;
}
#endif
