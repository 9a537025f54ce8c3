/* SPDX-License-Identifier: MIT */
/* The store of this process for one thread alone. */
#include "preload/access.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "common/clock.h"
#include "common/sys.h"
#include "preload/state.h"
#include "store/drain.h"

/* A drain takes milliseconds; whoever has the lock for so long is stopped. */
#define PATIENCE_NS UINT64_C(10000000000)

int allotp_access_wait(uint64_t since)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	if (allotp_clock_ns(CLOCK_MONOTONIC) - since > PATIENCE_NS)
		return -EBUSY;
	if (!allotp_state.store.quiet)
		ALLOTP_SYSCALL(SYS_nanosleep, &pause, NULL);
	return 0;
}

static void block(struct allot_access *access)
{
	uint64_t all = ~UINT64_C(0);

	if (!allotp_state.store.quiet)
		allotp_sys_sigprocmask(SIG_SETMASK, &all, &access->signals);
}

static void unblock(const struct allot_access *access)
{
	if (!allotp_state.store.quiet)
		allotp_sys_sigprocmask(SIG_SETMASK, &access->signals, NULL);
}

int allotp_access_lock(struct allot_access *access)
{
	uint64_t since = allotp_clock_ns(CLOCK_MONOTONIC);

	for (;;) {
		int result;

		block(access);
		/* A handler may have forked before signals were blocked: then the store is the parent's. */
		result = allotp_guard->mode == ALLOT_MODE_UNSET ? -ECHILD : allotp_drain_lock(&allotp_state.store);
		if (!result)
			return 0;
		unblock(access);
		if (result != -EBUSY || allotp_access_wait(since))
			return result;
	}
}

void allotp_access_unlock(struct allot_access *access)
{
	allotp_drain_unlock(&allotp_state.store);
	unblock(access);
}

void allotp_access_leave(struct allot_access *access)
{
	allotp_drain_leave(&allotp_state.store);
	unblock(access);
}

int allotp_access_begin(struct allot_access *access)
{
	int result;

	do {
		if (!allotp_recording())
			return -ENODATA;
		result = allotp_access_lock(access);
	} while (result == -ECHILD);
	if (result)
		return result;
	/* Another thread may have stopped tracing in the meantime. */
	if (!allotp_recording()) {
		allotp_access_unlock(access);
		return -ENODATA;
	}
	allotp_drain_all(&allotp_state.store);
	return 0;
}

void allotp_access_end(struct allot_access *access)
{
	allotp_access_unlock(access);
}
