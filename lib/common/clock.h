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
 * A stamp taken after all earlier loads are done, and before what follows in program order becomes visible to other
 * threads: for frees.
 */
static inline uint64_t allotp_stamp_before(bool counter)
{
#if defined(__x86_64__)
	/*
	 * A later store becomes visible after this read retires. And it must not be early either: plain RDTSC may run
	 * before the load that gave this thread the address, and then a free is older than its allocation elsewhere.
	 */
	if (__builtin_expect(counter, 1)) {
		unsigned int processor;

		return __rdtscp(&processor);
	}
#elif defined(__aarch64__)
	if (__builtin_expect(counter, 1)) {
		uint64_t value;

		__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value)::"memory");
		return value;
	}
#else
	(void)counter;
#endif
	return allotp_clock_ns(CLOCK_MONOTONIC);
}

/* A stamp taken after all earlier loads are done: for allocations. */
static inline uint64_t allotp_stamp_after(bool counter)
{
#if defined(__x86_64__)
	if (__builtin_expect(counter, 1)) {
		unsigned int processor;

		return __rdtscp(&processor);
	}
#elif defined(__aarch64__)
	if (__builtin_expect(counter, 1)) {
		uint64_t value;

		__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
		return value;
	}
#else
	(void)counter;
#endif
	return allotp_clock_ns(CLOCK_MONOTONIC);
}

#endif
