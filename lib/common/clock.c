/* SPDX-License-Identifier: MIT */
/* Whether the cycle counter can be trusted to order events across cores. */
#include "common/clock.h"

#include <fcntl.h>
#include <string.h>

#include "common/sys.h"

#if defined(__x86_64__)
#include <cpuid.h>

static bool counter_is_invariant(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && d & (1u << 8);
}
#endif

bool allotp_clock_counter_is_trusted(void)
{
#if defined(__x86_64__)
	char name[32] = "";
	long size;
	int fd;

	if (!counter_is_invariant())
		return false;
	fd = allotp_sys_openat(AT_FDCWD, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
			       O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	size = allotp_sys_read(fd, name, sizeof(name) - 1);
	allotp_sys_close(fd);
	/* kvm-clock and hyperv are scaled readings of the same counter, kept only while it is stable */
	return size > 3 && (!strncmp(name, "tsc", 3) || !strncmp(name, "kvm-clock", 9) || !strncmp(name, "hyperv", 6));
#elif defined(__aarch64__)
	return true; /* the architecture promises one counter for all cores */
#else
	return false;
#endif
}
