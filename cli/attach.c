/* SPDX-License-Identifier: MIT */
/* Looking for leaks, and at objects, in a program that runs, from outside. */
#include "attach.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "read/reader.h"
#include "scan/held.h"
#include "scan/inject.h"
#include "scan/tasks.h"
#include "scan/world.h"
#include "store/drain.h"

enum {
	ATTEMPTS = 50,
	OBJECT_ATTEMPTS = 5, /* to find no object in the middle of a change; the last leaves those out */
};

#define PATIENCE_NS UINT64_C(30000000000) /* a copy that tells objects runs code of the program */

struct attachment {
	int pid;
	struct allot_reader reader;
	struct allot_world world;
	struct allot_held held;
	uint32_t wanted; /* as in struct allot_object_look; 0: leaks */
	int thread;      /* that makes the copy */
	int copy;
	struct allot_error *error;
};

static struct allot_leak_look *leaks_of(const struct attachment *a)
{
	return &a->reader.store.header->leaks;
}

static struct allot_object_look *objects_of(const struct attachment *a)
{
	return &a->reader.store.header->objects;
}

/* What the copy is at, that it has done it, or failed: enum allot_look_state. */
static uint32_t *state_of(const struct attachment *a)
{
	return a->wanted ? &objects_of(a)->state : &leaks_of(a)->state;
}

static int fail(const struct attachment *a, int result, const char *what)
{
	return allotp_error(a->error, result, "process %d: %s: %s", a->pid, what, strerror(-result));
}

static void sleep_a_little(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	nanosleep(&pause, NULL);
}

static int lock(struct attachment *a)
{
	int result = -EBUSY;

	for (int i = 0; i < 10000 && result == -EBUSY; i++) {
		allotp_drain_want(&a->reader.store);
		result = allotp_drain_lock(&a->reader.store);
		/* Another look gives the lock up early, but is not done. One that was killed seems to go on for ever. */
		if (!result && i < 5000 &&
		    __atomic_load_n(&leaks_of(a)->state, __ATOMIC_ACQUIRE) == ALLOT_LOOK_RUNNING) {
			allotp_drain_unlock(&a->reader.store);
			result = -EBUSY;
		}
		if (result == -EBUSY)
			sleep_a_little();
	}
	return result ? fail(a, result, "its store is held by somebody who is stopped") : 0;
}

static int prepare(struct attachment *a)
{
	const struct allot_header *header;

	if (!allotp_reader_ready(&a->reader))
		return allotp_error(a->error, -ENODATA, "process %d: recording never began", a->pid);
	header = a->reader.store.header;
	if (header->pid != (uint32_t)a->pid)
		return allotp_error(a->error, -ESRCH, "process %d: it has another number where it runs", a->pid);
	if (a->wanted && !header->objects.announced)
		return allotp_error(a->error, -ENODATA,
				    "process %d: it has no objects: it does not use liballot-object", a->pid);
	if (header->sampling_bytes && !a->wanted)
		return allotp_error(a->error, -ENOTSUP, "process %d: only some of its blocks are recorded", a->pid);
	if (!header->leaks.system_call)
		return allotp_error(a->error, -ENOTSUP,
				    "process %d: on this processor it cannot be made to copy itself", a->pid);
	a->world = (struct allot_world){
		.pid = a->pid,
		.threads = calloc(ALLOT_WORLD_THREADS, sizeof(*a->world.threads)),
		.capacity = ALLOT_WORLD_THREADS,
		.buffer = malloc(ALLOT_WORLD_BUFFER),
		.buffer_size = ALLOT_WORLD_BUFFER,
		/* The copy's stack is nobody's until there is a copy. */
		.scratch = header->leaks.stack / 16 * 16 - 256,
	};
	/* A filter may have no mercy for a call that the program does not make itself. */
	if (!allotp_tasks_filtered(a->pid))
		a->world.system_call = header->leaks.system_call;
	if (!a->world.threads || !a->world.buffer)
		return allotp_error(a->error, -ENOMEM, "out of memory");
	return 0;
}

static uint64_t set_byte(const struct attachment *a, uint64_t address)
{
	uint8_t byte = 0;
	struct iovec here = { &byte, 1 }, there = { (void *)(uintptr_t)address, 1 };

	return process_vm_readv(a->pid, &here, 1, &there, 1, 0) == 1 && byte ? address : 0;
}

/* Where it says that a thread is in the middle of realloc, with the contents of a block where nobody knows of one; or in the
 * middle of writing an event. */
static uint64_t is_busy(void *context, uint64_t thread_pointer)
{
	const struct attachment *a = context;
	uint64_t moving = set_byte(a, thread_pointer + (uint64_t)leaks_of(a)->moving_offset);

	return moving ? moving : set_byte(a, thread_pointer + (uint64_t)leaks_of(a)->depth_offset);
}

static int stop(struct attachment *a, uint64_t *begun)
{
	int result;

	for (int attempt = 0;; attempt++) {
		*begun = allotp_clock_ns(CLOCK_MONOTONIC);
		result = allotp_world_stop(&a->world);
		if (result == -EPERM)
			return fail(a, result,
				    "it may not be stopped (see ptrace(2)), or a debugger is attached to it");
		if (result)
			return fail(a, result, "it cannot be stopped");
		result = allotp_world_settle(&a->world, is_busy, a);
		if (!result || attempt == ATTEMPTS) {
			a->held = (struct allot_held){ .store = &a->reader.store };
			result = allotp_world_hold(&a->world, &a->held, 0);
			if (!result)
				return 0;
		}
		allotp_world_release(&a->world);
		if (result != -EAGAIN)
			return fail(a, result, "its registers cannot be read");
		/* It may wait for room in its ring. */
		allotp_drain_now(&a->reader.store);
	}
}

/* In a thread of the program, since a child has the memory of its parent. */
static int make_copy(struct attachment *a)
{
	struct allot_injection fork = { .at = leaks_of(a)->system_call, .number = SYS_clone };
	int result = -ESRCH;

	for (uint32_t i = 0; i < a->world.count && result; i++) {
		a->thread = a->world.threads[i].tid;
		result = a->world.threads[i].gone ? -ESRCH : allotp_inject(a->thread, &fork);
		if (!result && fork.result < 0)
			result = (int)fork.result;
	}
	a->copy = fork.child;
	if (!result)
		result = allotp_inject_start(a->copy, leaks_of(a)->entry, leaks_of(a)->stack);
	return result ? fail(a, result, "it cannot be copied") : 0;
}

static int take_picture(struct attachment *a, unsigned heuristics, uint64_t why)
{
	struct allot_leak_look *leaks = leaks_of(a);
	uint64_t begun;
	int result = lock(a);

	if (result)
		return result;
	/* What there is now is drained while the program runs, the rest while it stands still. */
	allotp_drain_now(&a->reader.store);
	result = stop(a, &begun);
	if (!result) {
		allotp_drain_rest(&a->reader.store);
		if (!a->wanted) {
			leaks->heuristics = heuristics;
			leaks->why = why;
			leaks->held_words = a->held.used;
			leaks->at_exit = 0;
		}
		objects_of(a)->wanted = a->wanted;
		__atomic_store_n(state_of(a), ALLOT_LOOK_RUNNING, __ATOMIC_RELEASE);
		result = make_copy(a);
		allotp_world_release(&a->world);
	}
	if (!result && !a->wanted) {
		leaks->stop_ns = allotp_clock_ns(CLOCK_MONOTONIC) - begun;
		leaks->threads = a->held.threads;
		leaks->method = ALLOT_LOOK_PTRACE;
	}
	if (result)
		allotp_drain_leave(&a->reader.store);
	return result;
}

/* Has ended, though its parent may not have taken notice. */
static bool is_over(int pid)
{
	char path[32], text[512];
	const char *state = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return true;
	if (fgets(text, sizeof(text), file))
		state = strrchr(text, ')');
	fclose(file);
	return !state || state[2] == 'Z' || state[2] == 'X';
}

/* The copy is the program's child, and none that it knows of: nobody else would take notice of its end. */
static void bury(struct attachment *a)
{
	struct allot_injection wait = {
		.at = leaks_of(a)->system_call,
		.number = SYS_wait4,
		.arguments = { (uint64_t)a->copy, 0, __WALL | WNOHANG, 0 },
	};

	if (allotp_world_stop(&a->world))
		return;
	for (uint32_t i = 0; i < a->world.count; i++) {
		if (!a->world.threads[i].gone && !allotp_inject(a->world.threads[i].tid, &wait))
			break;
	}
	allotp_world_release(&a->world);
}

static int wait_for_copy(struct attachment *a)
{
	uint64_t begun = allotp_clock_ns(CLOCK_MONOTONIC);

	while (!is_over(a->copy)) {
		if (a->wanted && allotp_clock_ns(CLOCK_MONOTONIC) - begun > PATIENCE_NS)
			kill(a->copy, SIGKILL);
		sleep_a_little();
	}
	bury(a);
	if (__atomic_load_n(state_of(a), __ATOMIC_ACQUIRE) == ALLOT_LOOK_RUNNING)
		return allotp_error(a->error, -EFAULT, "process %d: the copy ended before it was looked through",
				    a->pid);
	return 0;
}

static int look_for_leaks(struct attachment *a, unsigned heuristics, uint64_t why)
{
	int result = take_picture(a, heuristics, why);

	return result ? result : wait_for_copy(a);
}

/* A copy that was made in the middle of a change fails, or dies. */
static int look_at_objects(struct attachment *a)
{
	int result = 0;

	for (int i = 0; i < OBJECT_ATTEMPTS && !result; i++) {
		a->wanted = i == OBJECT_ATTEMPTS - 1 ? 2 : 1;
		result = take_picture(a, 0, 0);
		if (!result)
			wait_for_copy(a);
		if (__atomic_load_n(state_of(a), __ATOMIC_ACQUIRE) == ALLOT_LOOK_DONE)
			return 0;
	}
	return result ? result
		      : allotp_error(a->error, -EAGAIN,
				     "process %d: its objects are not known: the copy that was to tell them died, in a "
				     "function of a type or because they were just being changed",
				     a->pid);
}

/* What the copy has told is true of that moment only; unless the program has told others since, at its end. */
static void forget_objects(struct attachment *a)
{
	if (allotp_drain_lock(&a->reader.store))
		return;
	if (objects_of(a)->wanted) {
		objects_of(a)->wanted = 0;
		objects_of(a)->object_count = objects_of(a)->reference_count = 0;
		__atomic_store_n(&objects_of(a)->state, ALLOT_LOOK_NONE, __ATOMIC_RELEASE);
	}
	allotp_drain_unlock(&a->reader.store);
}

static int attach(struct attachment *a, unsigned heuristics, uint64_t why, struct allot_snapshot **out)
{
	const struct allot_reader_end end = { .exit = ALLOT_EXIT_RUNNING };
	char name[32];
	int result = allotp_reader_open_process(&a->reader, a->pid, a->error);

	if (result)
		return result;
	result = prepare(a);
	if (!result)
		result = a->wanted ? look_at_objects(a) : look_for_leaks(a, heuristics, why);
	snprintf(name, sizeof(name), "process %d", a->pid);
	if (!result)
		result = allotp_reader_freeze(&a->reader, &end, name, out, a->error);
	if (a->wanted && allotp_reader_ready(&a->reader))
		forget_objects(a);
	free(a->world.threads);
	free(a->world.buffer);
	allotp_reader_close(&a->reader);
	return result;
}

int allotp_attach(int pid, unsigned heuristics, uint64_t why, struct allot_snapshot **out, struct allot_error *error)
{
	return attach(&(struct attachment){ .pid = pid, .error = error }, heuristics, why, out);
}

int allotp_attach_objects(int pid, struct allot_snapshot **out, struct allot_error *error)
{
	return attach(&(struct attachment){ .pid = pid, .error = error, .wanted = 1 }, 0, 0, out);
}

bool allotp_is_process(const char *text, int *pid)
{
	char rest;

	return sscanf(text, "%d%c", pid, &rest) == 1 && *pid > 0 && access(text, F_OK);
}
