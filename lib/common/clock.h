/* SPDX-License-Identifier: MIT */
/*
 * Stamps: what puts the events of different threads in order. The invariant cycle counter where the kernel
 * itself keeps time by it, since then it agrees across cores; CLOCK_MONOTONIC elsewhere.
 */
#ifndef ALLOT_COMMON_CLOCK_H
#define ALLOT_COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* Whether stamps may come from the cycle counter. Opens a file under /sys; not async-signal-safe. */
bool allotp_clock_counter_is_trusted(void);

static inline uint64_t allotp_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/*
 * Now. Other instructions near by may be done a little before or after: for what must be in order there are tickets
 * (store/layout.h).
 */
static inline uint64_t allotp_stamp(bool counter)
{
#if defined(__x86_64__)
	if (__builtin_expect(counter, 1))
		return __rdtsc();
#elif defined(__aarch64__)
	if (__builtin_expect(counter, 1)) {
		uint64_t value;

		__asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
		return value;
	}
#else
	(void)counter;
#endif
	return allotp_clock_ns(CLOCK_MONOTONIC);
}

#endif
