/* SPDX-License-Identifier: MIT */
/*
 * Programs that shut themselves in. A seccomp filter may kill for any system call that the program does not make itself,
 * so before one comes into force, by whatever function of libc, the tracer goes quiet. What it still makes is mmap and madvise for new threads, which
 * need them themselves, and rt_sigprocmask, which libc cannot do without, when a stack has grown by a page or more. Where
 * not even the cycle counter may be read, recording ends.
 */
#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "common/mapping.h"
#include "common/sys.h"
#include "preload/export.h"
#include "preload/real.h"
#include "preload/sampled.h"
#include "preload/state.h"

int seccomp_load(const void *);

static void hush(void)
{
	if (!allotp_recording())
		return;
	if (allotp_state.sampling_bytes)
		allotp_sampled_reserve();
	allotp_mapping_hush();
	allotp_store_hush(&allotp_state.store);
}

static void stop(void)
{
	static const char note[] = "the program has forbidden itself to read the time";

	hush();
	if (allotp_recording())
		allotp_state_stop(note, sizeof(note) - 1);
}

/* Before a prctl comes into force. */
static void before_prctl(int option, unsigned long argument)
{
	if ((option == PR_SET_SECCOMP && argument == SECCOMP_MODE_STRICT) ||
	    (option == PR_SET_TSC && argument == PR_TSC_SIGSEGV))
		stop();
	else if (option == PR_SET_SECCOMP)
		hush();
}

ALLOT_EXPORT int prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list rest;

	va_start(rest, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(rest, unsigned long);
	va_end(rest);
	before_prctl(option, arguments[0]);
	if (!allotp_real_ready() || !allotp_real.prctl) {
		errno = ENOSYS;
		return -1;
	}
	return allotp_real.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

/* libseccomp makes the system call by its number. */
ALLOT_EXPORT int seccomp_load(const void *filter)
{
	if (!allotp_real_ready() || !allotp_real.seccomp_load)
		return -ENOSYS;
	hush();
	return allotp_real.seccomp_load(filter);
}

#if ALLOTP_SYSCALLS_RAW
/* Others ask by such a call whether the kernel knows it. */
static void before_seccomp(unsigned long operation, unsigned long flags, long argument)
{
	if (operation == SECCOMP_SET_MODE_STRICT && !flags && !argument)
		stop();
	else if (operation == SECCOMP_SET_MODE_FILTER && argument)
		hush();
}

/* Only those with a stack of their own: others share the frames of whoever called. */
static bool is_fork(long number, long flags, long stack)
{
#ifdef SYS_fork
	if (number == SYS_fork)
		return true;
#endif
	return number == SYS_clone && !(flags & CLONE_VM) && !stack;
}

/* None of these has more arguments. */
__attribute__((noinline)) static long watched(long number, long a, long b, long c, long d, long e)
{
	long result;

	if (number == SYS_seccomp)
		before_seccomp((unsigned long)a, (unsigned long)b, c);
	else if (number == SYS_prctl)
		before_prctl((int)a, (unsigned long)b);
	result = allotp_sys_told(ALLOTP_SYSCALL(number, a, b, c, d, e));
	if (result == 0 && is_fork(number, a, b))
		allotp_state_forked();
	return result;
}

/*
 * The function syscall() of libc, for those that go past its others. What the caller has not passed is garbage, which nobody
 * looks at. It ends in a jump to the real one, and has no frame then: calls like vfork return twice.
 */
#if defined(__x86_64__)
/* The last argument lies on the stack, where the real function finds it; it might be some variable of the caller's, too. */
#define PARAMETERS long number, long a, long b, long c, long d, long e
#define ARGUMENTS number, a, b, c, d, e
#else
#define PARAMETERS long number, long a, long b, long c, long d, long e, long f
#define ARGUMENTS number, a, b, c, d, e, f
#endif
ALLOT_EXPORT long allotp_hook_syscall(PARAMETERS) __asm__("syscall");

long allotp_hook_syscall(PARAMETERS)
{
	if (__builtin_expect(number == SYS_seccomp || number == SYS_prctl || is_fork(number, a, b), 0))
		return watched(number, a, b, c, d, e);
	if (!allotp_real_ready() || !allotp_real.syscall)
		return allotp_sys_told(-ENOSYS);
	return ((long (*)(PARAMETERS))allotp_real.syscall)(ARGUMENTS);
}
#endif
