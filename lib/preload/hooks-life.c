/* SPDX-License-Identifier: MIT */
/* How code is unloaded and how the process ends: what a reader could not find out by itself. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/sys.h"
#include "preload/bypass.h"
#include "preload/config.h"
#include "preload/export.h"
#include "preload/leaks.h"
#include "preload/life.h"
#include "preload/modules.h"
#include "preload/objects.h"
#include "preload/real.h"
#include "preload/state.h"
#include "preload/suppressions.h"
#include "preload/verify.h"
#include "snapshot/snapshot.h"
#include "unwind/walk.h"

int dlclose(void *);

ALLOT_EXPORT int dlclose(void *handle)
{
	int result;

	if (!allotp_real_ready() || !allotp_real.dlclose)
		return -1;
	result = allotp_real.dlclose(handle);
	/* Whether anything was really unloaded is looked up before the next event. */
	allotp_modules_suspect();
	return result;
}

/* The process says how it ends. Events may still follow: destructors, other threads. */
static void note_exit(int status)
{
	struct allot_header *header = allotp_state.store.header;

	/* Recording may have stopped before. */
	if (!header || allotp_guard->mode == ALLOT_MODE_UNSET || allotp_state.store.quiet ||
	    (uint32_t)allotp_sys_getpid() != header->pid)
		return;
	header->latest_stamp = allotp_stamp(allotp_state.counter);
	header->latest_monotonic_ns = allotp_clock_ns(CLOCK_MONOTONIC);
	header->exit_value = status & 0xff;
	__atomic_store_n(&header->exit_state, ALLOT_EXIT_CLEAN, __ATOMIC_RELEASE);
}

ALLOT_EXPORT void _exit(int status)
{
	allotp_leaks_at_exit();
	allotp_objects_at_exit();
	note_exit(status);
	for (;;)
		ALLOTP_SYSCALL(SYS_exit_group, status);
}

ALLOT_EXPORT void _Exit(int status)
{
	_exit(status);
}

ALLOT_EXPORT void quick_exit(int status)
{
	note_exit(status);
	if (allotp_real_ready() && allotp_real.quick_exit)
		allotp_real.quick_exit(status);
	_exit(status);
}

/* Unlike fork, it calls no handlers. */
ALLOT_EXPORT pid_t _Fork(void)
{
	pid_t pid;

	if (!allotp_real_ready() || !allotp_real._Fork) {
		errno = ENOSYS;
		return -1;
	}
	pid = allotp_real._Fork();
	if (pid == 0)
		allotp_state_forked();
	return pid;
}

/* Registered before any of the program's own, so that it runs after them. */
static void at_exit(int status, void *unused)
{
	(void)unused;
	allotp_bypass_note();
	allotp_leaks_at_exit();
	allotp_objects_at_exit();
	note_exit(status);
}

void allotp_life_begin(void)
{
	static bool begun;

	if (begun)
		return;
	begun = true;
	on_exit(at_exit, NULL);
	at_quick_exit(allotp_objects_at_exit);
	at_quick_exit(allotp_leaks_at_exit);
	allotp_walk_prepare();
	allotp_verify_init();
}

/* Also starts recording in a program that has not allocated anything by now. */
static __attribute__((constructor)) void library_loaded(void)
{
	if (!allotp_real_ready() || !allotp_recording())
		return;
	allotp_life_begin();
	if (allotp_config.leaks)
		allotp_suppressions_ask();
}
