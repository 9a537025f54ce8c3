/* SPDX-License-Identifier: MIT */
/*
 * The objects of liballot-object, put into the store. The library walks its heaps in a copy of the process that fork makes, so
 * that nothing changes under it, and so that whatever it meets can only end the copy. Threads are not stopped for it: a
 * copy that was made in the middle of a change notices that, and is made anew.
 */
#include "preload/objects.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/wait.h>
#include <time.h>

#include "common/clock.h"
#include "common/sys.h"
#include "preload/access.h"
#include "preload/api.h"
#include "preload/state.h"
#include "scan/scan.h"
#include "snapshot/snapshot.h"
#include "store/drain.h"
#include "store/live.h"
#include "store/scope.h"

enum {
	ATTEMPTS = 5, /* the last is lenient */
	STACK = 1 << 20,
	CACHED = 256, /* names */
};

#define PATIENCE_NS UINT64_C(10000000000) /* a walk takes a second for ten million objects */

/* What the library has announced. */
static allot_object_walk *walk; /* (atomic) */
static uint16_t domain;

static struct allot_object_look *header_objects(void)
{
	return &allotp_state.store.header->objects;
}

void allotp_objects_tell(struct allot_store *store)
{
	store->header->objects.announced = __atomic_load_n(&walk, __ATOMIC_ACQUIRE) != NULL;
}

int allotp_api_objects_announce(int number, allot_object_walk *function)
{
	domain = (uint16_t)number;
	__atomic_store_n(&walk, function, __ATOMIC_RELEASE);
	if (allotp_recording())
		header_objects()->announced = 1;
	return 0;
}

/* ---- In the copy ---- */

/* Names are few, and come again and again by the same address. */
static uint32_t name_of(const char *text)
{
	static struct {
		const char *text;
		uint32_t name;
	} cache[CACHED];
	size_t place = ((uintptr_t)text >> 2 ^ (uintptr_t)text >> 12) % CACHED;

	if (!text)
		return 0;
	if (cache[place].text != text) {
		cache[place].name = allotp_name_of(&allotp_state.store, text);
		cache[place].text = text;
	}
	return cache[place].name;
}

/* The live blocks of the objects' domain, by address, since the live table goes on to change. */
static struct {
	uint64_t *keys;
	uint32_t *sites;
	size_t mask;
} blocks;

static size_t place_of(uint64_t key)
{
	size_t at = (key ^ key >> 48 << 44) * UINT64_C(0x9e3779b97f4a7c15) >> 16;

	while (blocks.keys[at & blocks.mask] && blocks.keys[at & blocks.mask] != key)
		at++;
	return at & blocks.mask;
}

static void copy_entry(void *context, const struct allot_live_entry *entry)
{
	size_t place;

	(void)context;
	if (!entry->key || entry->key >> 48 != domain)
		return;
	place = place_of(entry->key);
	blocks.keys[place] = entry->key;
	blocks.sites[place] = entry->site;
}

static int copy_blocks(void)
{
	const struct allot_header *header = allotp_state.store.header;
	uint8_t *scratch = allotp_scan_map(header->page_count + 1);
	size_t room = 2 * (header->page_count + 1) * ALLOT_LIVE_ENTRIES;

	blocks.mask = 1023;
	while (blocks.mask < room)
		blocks.mask = blocks.mask * 2 + 1;
	blocks.keys = allotp_scan_map((blocks.mask + 1) * sizeof(*blocks.keys));
	blocks.sites = allotp_scan_map((blocks.mask + 1) * sizeof(*blocks.sites));
	if (!scratch || !blocks.keys || !blocks.sites)
		return -ENOMEM;
	allotp_live_each(&allotp_state.store, scratch, copy_entry, NULL);
	return 0;
}

static uint32_t site_of(const struct allot_object_facts *facts)
{
	size_t place = place_of(allotp_live_key((uintptr_t)facts->address, domain));

	/* One that is too large for a pool is malloc's block, with what lies before the object. */
	if (!blocks.keys[place])
		place = place_of(allotp_live_key((uintptr_t)facts->block, domain));
	return blocks.sites[place];
}

static int tell_object(void *context, const struct allot_object_facts *facts)
{
	struct allot_store *store = &allotp_state.store;
	struct allot_object_look *look = header_objects();
	uint64_t number = look->object_count;

	(void)context;
	if (number >= UINT32_MAX ||
	    allotp_store_need(store, ALLOT_REGION_OBJECTS, (number + 1) * sizeof(struct allot_store_object)))
		return -ENOSPC;
	*ALLOTP_AT(store, ALLOT_REGION_OBJECTS, struct allot_store_object, number) = (struct allot_store_object){
		.address = (uintptr_t)facts->address,
		.size = facts->size,
		.refs = facts->refs,
		.type = name_of(facts->type),
		.site = site_of(facts),
		.heap = (uint16_t)facts->heap,
		.flags = (uint16_t)facts->flags,
	};
	look->object_count = number + 1;
	return 0;
}

static int tell_reference(void *context, unsigned from, unsigned to, const char *field, long item)
{
	struct allot_store *store = &allotp_state.store;
	struct allot_object_look *look = header_objects();
	uint64_t number = look->reference_count;

	(void)context;
	if (number >= UINT32_MAX ||
	    allotp_store_need(store, ALLOT_REGION_REFERENCES, (number + 1) * sizeof(struct allot_store_reference)))
		return -ENOSPC;
	*ALLOTP_AT(store, ALLOT_REGION_REFERENCES, struct allot_store_reference, number) =
		(struct allot_store_reference){ from, to, name_of(field),
						item < UINT32_MAX ? (uint32_t)(item + 1) : 0 };
	look->reference_count = number + 1;
	return 0;
}

static void omit(void *context)
{
	(void)context;
	header_objects()->partial = 1;
}

static size_t visit_blocks(void *context, void (*visit)(void *data, const void *address), void *data)
{
	const struct allot_header *header = allotp_state.store.header;
	size_t count = 0;

	(void)context;
	if (header->sampling_bytes || header->flags & (ALLOT_STORE_FORKED | ALLOT_STORE_LATE))
		return 0;
	for (size_t i = 0; i <= blocks.mask; i++) {
		if (!blocks.keys[i])
			continue;
		visit(data, (const void *)(uintptr_t)(blocks.keys[i] & ALLOT_LOW48));
		count++;
	}
	return count;
}

int allotp_objects_look(bool lenient, bool locked)
{
	struct allot_object_look *look = header_objects();
	const struct allot_object_sink sink = {
		.size = sizeof(sink),
		.lenient = lenient,
		.blocks = visit_blocks,
		.object = tell_object,
		.reference = tell_reference,
		.omitted = omit,
	};
	allot_object_walk *function = __atomic_load_n(&walk, __ATOMIC_ACQUIRE);
	uint64_t all = ~UINT64_C(0);
	int result;

	/* Whatever the types' functions do: it is no event, nobody is called for it, and it leaves no file. */
	allotp_guard->mode = ALLOT_MODE_OFF;
	allotp_sys_sigprocmask(SIG_SETMASK, &all, NULL);
	ALLOTP_SYSCALL(SYS_close_range, 0, ~0u, 0);
	ALLOTP_SYSCALL(SYS_prctl, PR_SET_NAME, "allot-objects", 0, 0, 0);
	ALLOTP_SYSCALL(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	look->object_count = look->reference_count = 0;
	look->partial = 0;
	result = copy_blocks();
	/* So that the program's threads need not wait. */
	if (locked)
		allotp_drain_unlock(&allotp_state.store);
	if (!result)
		result = function ? function(&sink) : -ENODATA;
	look->error = -result;
	__atomic_store_n(&look->state, result ? ALLOT_LOOK_FAILED : ALLOT_LOOK_DONE, __ATOMIC_RELEASE);
	return result;
}

static int begin_in_copy(void *context)
{
	const bool *lenient = context;

	return (int)ALLOTP_SYSCALL(SYS_exit_group, allotp_objects_look(*lenient, false) ? 1 : 0);
}

/* ---- In the program ---- */

static void wait_a_little(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	ALLOTP_SYSCALL(SYS_nanosleep, &pause, NULL);
}

/* A function of a type may wait for a thread that the copy does not have. */
static void wait_for_copy(int pid)
{
	uint64_t begun = allotp_clock_ns(CLOCK_MONOTONIC);
	bool killed = false;
	int status;
	long got;

	do {
		got = ALLOTP_SYSCALL(SYS_wait4, pid, &status, killed ? __WALL : __WALL | WNOHANG, NULL);
		if (got == 0 && allotp_clock_ns(CLOCK_MONOTONIC) - begun > PATIENCE_NS) {
			ALLOTP_SYSCALL(SYS_kill, pid, SIGKILL);
			killed = true;
		} else if (got == 0) {
			wait_a_little();
		}
	} while (got == 0 || got == -EINTR);
}

static void fail(int error)
{
	header_objects()->error = error;
	__atomic_store_n(&header_objects()->state, ALLOT_LOOK_FAILED, __ATOMIC_RELEASE);
}

static void try(char *stack, bool lenient)
{
	int pid;

	header_objects()->attempts++;
	__atomic_store_n(&header_objects()->state, ALLOT_LOOK_RUNNING, __ATOMIC_RELAXED);
	/* A fork past all handlers, without a signal at its end. */
	pid = clone(begin_in_copy, stack + STACK, CLONE_UNTRACED, &lenient);
	if (pid < 0) {
		fail(errno);
		return;
	}
	wait_for_copy(pid);
	if (__atomic_load_n(&header_objects()->state, __ATOMIC_ACQUIRE) == ALLOT_LOOK_RUNNING)
		fail(EFAULT);
}

void allotp_objects_take(void)
{
	struct allot_object_look *look = header_objects();
	int saved = errno;
	char *stack;

	if (!__atomic_load_n(&walk, __ATOMIC_ACQUIRE))
		return;
	look->attempts = look->wanted = 0;
	if (allotp_state.store.quiet) {
		fail(EPERM);
		return;
	}
	stack = allotp_scan_map(STACK);
	if (!stack) {
		fail(ENOMEM);
		return;
	}
	/* A single thread is where it is, however often one looks. */
	for (int i = __libc_single_threaded ? ATTEMPTS - 1 : 0; i < ATTEMPTS; i++) {
		try(stack, i == ATTEMPTS - 1);
		if (look->state == ALLOT_LOOK_DONE)
			break;
		wait_a_little();
	}
	allotp_scan_unmap(stack, STACK);
	allotp_store_sync(&allotp_state.store);
	errno = saved;
}

void allotp_objects_forget(void)
{
	struct allot_object_look *look = header_objects();

	look->object_count = look->reference_count = 0;
	__atomic_store_n(&look->state, ALLOT_LOOK_NONE, __ATOMIC_RELEASE);
}

void allotp_objects_at_exit(void)
{
	static bool looked;
	struct allot_access access;

	if (!__atomic_load_n(&walk, __ATOMIC_ACQUIRE) || looked || allotp_guard->mode != ALLOT_MODE_RECORDING ||
	    (uint32_t)allotp_sys_getpid() != allotp_state.store.header->pid)
		return;
	looked = true;
	if (allotp_access_begin(&access))
		return;
	allotp_objects_take();
	allotp_access_end(&access);
}
