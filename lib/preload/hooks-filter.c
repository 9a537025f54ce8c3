/* SPDX-License-Identifier: MIT */
/*
 * Programs that shut themselves in. A seccomp filter may kill for any system call that the program does not make itself,
 * so before one comes into force the tracer goes quiet. What it still makes is mmap and madvise for new threads, which
 * need them themselves, and rt_sigprocmask, which libc cannot do without, when a stack has grown by a page or more. Where
 * not even the cycle counter may be read, recording ends.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "common/mapping.h"
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

ALLOT_EXPORT int prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list rest;

	va_start(rest, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(rest, unsigned long);
	va_end(rest);
	if ((option == PR_SET_SECCOMP && arguments[0] == SECCOMP_MODE_STRICT) ||
	    (option == PR_SET_TSC && arguments[0] == PR_TSC_SIGSEGV))
		stop();
	else if (option == PR_SET_SECCOMP)
		hush();
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
