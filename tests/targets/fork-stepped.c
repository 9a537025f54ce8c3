/* SPDX-License-Identifier: MIT */
/*
 * A signal handler forks between any two instructions of the tracer's while the program allocates and maps memory: the
 * processor's trap flag steps through them. Each child goes on where its parent was interrupted, to its end, and then its
 * parent does. Prints how often the handler forked, how many children came to a bad end, and how many left something in
 * their parent's store. Ends with status 77 on processors other than x86-64.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allot/trace.h"
#include "stepping.h"

#if defined(__x86_64__)
#define PAGE 4096

static volatile sig_atomic_t is_child;
static volatile long forks, bad, traces;

SITE void in_child_887(void)
{
	free(malloc(887));
}

SITE void work_907(void)
{
	void *pages = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	free(realloc(malloc(907), 911));
	munmap(pages, PAGE);
}

SITE void stepped(void)
{
	STEPPING_BEGIN();
	work_907();
	STEPPING_END();
}

static void step(int number, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;
	int saved = errno, state;
	size_t before, after;
	pid_t child;

	(void)number;
	(void)info;
	if (!stepping_in_tracer(interrupted))
		return;
	bad += allot_get_traced_memory(&before, NULL) != 0;
	child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		is_child = 1;
		interrupted->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	} else {
		forks++;
		bad += child < 0 || waitpid(child, &state, 0) != child || state != 0;
		bad += allot_get_traced_memory(&after, NULL) != 0;
		traces += before != after;
	}
	errno = saved;
}

int main(void)
{
	/* The second time: what is looked up once is known then. */
	work_907();
	stepping_handle("malloc", step);
	stepped();
	if (is_child) {
		in_child_887();
		_exit(0);
	}
	printf("%ld %ld %ld\n", forks, bad, traces);
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif
