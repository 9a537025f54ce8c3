/* SPDX-License-Identifier: MIT */
/* The drain: who may, and up to which moment. */
#include "store/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/process.h"
#include "common/sys.h"
#include "store/clear.h"
#include "store/journal.h"
#include "store/live.h"
#include "store/merge.h"
#include "store/ring.h"
#include "store/series.h"

/*
 * The lock's value: pid | start << 22 | namespaces << 44. The kernel's pids have 22 bits. The start of a process, in ticks, tells
 * it from a later one of the same number; 0: not known. Namespaces are of pids and of time, as both numbers depend on them.
 */
enum { PID_BITS = 22, START_BITS = 22, NAMESPACE_SHIFT = 44 };

#define PID_MASK ((UINT64_C(1) << PID_BITS) - 1)
#define START_MASK ((UINT64_C(1) << START_BITS) - 1)

static uint64_t start_of(uint64_t word)
{
	return word >> PID_BITS & START_MASK;
}

uint64_t allotp_drain_signature(const struct allot_store *store)
{
	uint64_t pid = (uint64_t)allotp_sys_getpid(), namespaces = store->pid_namespace;
	struct allot_process self = { 0 };
	struct stat time;

	allotp_process_look((int)pid, &self);
	if (!ALLOTP_SYSCALL(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/time", &time, 0))
		namespaces += namespaces ? time.st_ino * 0x9e3 : 0;
	return pid | (self.start & START_MASK) << PID_BITS | namespaces << NAMESPACE_SHIFT;
}

static uint64_t owner_word(const struct allot_store *store)
{
	uint64_t pid = store->quiet ? store->drainer & PID_MASK : (uint64_t)allotp_sys_getpid();

	/* A child of vfork, which is in this process's memory, was not started when this process was. */
	return pid == (store->drainer & PID_MASK) ? store->drainer
						  : (store->drainer & ~(START_MASK << PID_BITS | PID_MASK)) | pid;
}

/* Whether the number is another process's by now. To be looked up only if the lock is refused, and again, without progress. */
static bool was_replaced(struct allot_store *store, uint64_t owner)
{
	uint64_t events = __atomic_load_n(&store->header->batch, __ATOMIC_RELAXED);
	uint64_t before = __atomic_exchange_n(&store->suspect_at, events, __ATOMIC_RELAXED);
	struct allot_process process;

	if (__atomic_exchange_n(&store->suspect, owner, __ATOMIC_RELAXED) != owner || before != events)
		return false;
	return start_of(owner) && !allotp_process_look((int)(owner & PID_MASK), &process) &&
	       (process.start & START_MASK) != start_of(owner);
}

static bool owner_is_dead(struct allot_store *store, uint64_t owner, uint64_t me)
{
	/* The pids of another namespace mean nothing here. */
	if (store->quiet || !store->pid_namespace || owner >> NAMESPACE_SHIFT != me >> NAMESPACE_SHIFT)
		return false;
	if (allotp_sys_kill((int)(owner & PID_MASK), 0) == -ESRCH)
		return true;
	return was_replaced(store, owner);
}

bool allotp_drain_owner_is_stopped(const struct allot_store *store)
{
	uint64_t owner = __atomic_load_n(&store->header->lock, __ATOMIC_RELAXED);
	struct allot_process process;

	if (store->quiet || (owner ^ store->drainer) >> NAMESPACE_SHIFT ||
	    allotp_process_look((int)(owner & PID_MASK), &process))
		return true;
	return process.state != 'R' && process.state != 'S' && process.state != 'D';
}

bool allotp_drain_is_free(const struct allot_store *store)
{
	return !__atomic_load_n(&store->header->lock, __ATOMIC_RELAXED);
}

static int take_over(struct allot_store *store, bool recover)
{
	int result = allotp_store_sync(store);

	/* The program itself set it when it made the store. */
	if (!result && !store->guest)
		result = allotp_ring_open(store);
	if (result) {
		allotp_drain_unlock(store);
		return result;
	}
	if (recover) {
		allotp_live_recover(store);
		allotp_journal_recover(store);
		allotp_series_recover(store);
		allotp_clear_recover(store);
	}
	return 0;
}

/* Whether the last one who had the lock left something half done. */
static bool is_half_done(const struct allot_store *store)
{
	return allotp_journal_is_pending(store) || store->header->clearing;
}

bool allotp_drain_owner_is_here(const struct allot_store *store)
{
	uint64_t owner = __atomic_load_n(&store->header->lock, __ATOMIC_RELAXED);

	return store->guest && owner && (owner & PID_MASK) == store->header->pid;
}

int allotp_drain_lock(struct allot_store *store)
{
	uint64_t owner = 0, me;

	/* The common refusal costs no system call. */
	if (allotp_drain_owner_is_here(store))
		return -EBUSY;
	me = owner_word(store);
	if (__atomic_compare_exchange_n(&store->header->lock, &owner, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return take_over(store, is_half_done(store));
	if (!owner_is_dead(store, owner, me) ||
	    !__atomic_compare_exchange_n(&store->header->lock, &owner, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return -EBUSY;
	return take_over(store, true);
}

#define WANTED_NS 20000000

void allotp_drain_want(struct allot_store *store)
{
	__atomic_store_n(&store->header->wanted_until_ns, allotp_clock_ns(CLOCK_MONOTONIC) + WANTED_NS,
			 __ATOMIC_RELAXED);
}

/* The time that a reader is given; one that was killed, or has another clock, does not keep producers for longer. */
static bool is_wanted(const struct allot_store *store)
{
	uint64_t until = __atomic_load_n(&store->header->wanted_until_ns, __ATOMIC_RELAXED), now;

	if (!until)
		return false;
	now = allotp_clock_ns(CLOCK_MONOTONIC);
	return now < until && until - now <= WANTED_NS;
}

int allotp_drain_lock_by_force(struct allot_store *store)
{
	uint64_t before = __atomic_exchange_n(&store->header->lock, owner_word(store), __ATOMIC_ACQUIRE);

	return take_over(store, before || is_half_done(store));
}

void allotp_drain_unlock(struct allot_store *store)
{
	__atomic_store_n(&store->header->lock, 0, __ATOMIC_RELEASE);
}

void allotp_drain_inherit(struct allot_store *store)
{
	__atomic_store_n(&store->header->lock, owner_word(store), __ATOMIC_RELEASE);
}

void allotp_drain_leave(struct allot_store *store)
{
	uint64_t me = owner_word(store);

	__atomic_compare_exchange_n(&store->header->lock, &me, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/*
 * Events at one address are kept in order by their tickets. Others are applied by their stamps, so that current and peak
 * follow what happened: to that end events are left alone until they are so old that whatever has an older stamp
 * can be seen. The margin is in ticks of the stamp. OVERDUE is for turns that never come: more than half a second.
 */
enum { MARGIN = 4096 };
#define OVERDUE (UINT64_C(1) << 31)

/* Longer than an overdue turn is waited for. */
#define PATIENCE_NS UINT64_C(2000000000)

static bool uses_counter(const struct allot_store *store)
{
	return store->header->clock == ALLOT_CLOCK_COUNTER;
}

/* The time some ticks ago; 0 where that was before the clock began. */
static uint64_t ago(uint64_t now, uint64_t ticks)
{
	return now > ticks ? now - ticks : 0;
}

/*
 * The newest stamp that was counted; UINT64_MAX if stamps are read. Up to it all events can be seen from now on, but for one
 * that is just being written. Its signal handlers' may be there already: they had nothing to do with its address.
 */
static uint64_t newest_counted(const struct allot_store *store)
{
	/* Acquire: partner of the counting, and of the publishing before it, see order.h. */
	uint64_t counted = __atomic_load_n(&store->header->counted, __ATOMIC_ACQUIRE);

	return counted && !__atomic_load_n(&store->header->threads, __ATOMIC_ACQUIRE) ? counted : UINT64_MAX;
}

static void note_time(struct allot_store *store, uint64_t now)
{
	store->counted_since = store->drained_at;
	store->drained_at = newest_counted(store) == UINT64_MAX ? 0 : ago(now, MARGIN);
	store->header->latest_monotonic_ns = allotp_clock_ns(CLOCK_MONOTONIC);
	store->header->latest_stamp = now;
}

uint64_t allotp_drain(struct allot_store *store)
{
	uint64_t now = allotp_stamp(uses_counter(store)), cut = ago(now, MARGIN), counted;

	note_time(store, now);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	counted = newest_counted(store);
	return allotp_merge(store, counted < cut ? counted : cut, ago(now, OVERDUE));
}

uint64_t allotp_drain_now(struct allot_store *store)
{
	uint64_t now = allotp_stamp(uses_counter(store)), counted;

	note_time(store, now);
	while (allotp_stamp(uses_counter(store)) < now + MARGIN)
		;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	counted = newest_counted(store);
	return allotp_merge(store, counted == UINT64_MAX ? now : counted, ago(now, OVERDUE));
}

void allotp_drain_all(struct allot_store *store)
{
	uint64_t now = allotp_stamp(uses_counter(store)), since = allotp_clock_ns(CLOCK_MONOTONIC);

	do {
		allotp_drain_now(store);
	} while (store->oldest_waiting <= now && allotp_clock_ns(CLOCK_MONOTONIC) - since < PATIENCE_NS);
}

uint64_t allotp_drain_rest(struct allot_store *store)
{
	return allotp_merge(store, UINT64_MAX, UINT64_MAX);
}

static uint64_t ring_bytes(const struct allot_header *header)
{
	return __atomic_load_n(&header->ring_bytes, __ATOMIC_RELAXED);
}

/* Each thread needs a segment of its own. */
static uint64_t own_bytes(const struct allot_header *header)
{
	return __atomic_load_n(&header->slot_count, __ATOMIC_RELAXED) * header->segment_bytes;
}

static bool has_reader(const struct allot_header *header)
{
	return __atomic_load_n(&header->reader, __ATOMIC_RELAXED);
}

bool allotp_drain_is_due(const struct allot_store *store)
{
	const struct allot_header *header = store->header;

	/* Large batches cost less. With a reader at work, some megabytes may wait for it. */
	return ring_bytes(header) >= (has_reader(header) ? ALLOT_RING_RESERVE + own_bytes(header) : ALLOT_RING_BATCH);
}

bool allotp_drain_has_reserve(const struct allot_store *store)
{
	return has_reader(store->header) && !allotp_drain_is_due(store);
}

bool allotp_drain_is_behind(const struct allot_store *store)
{
	const struct allot_header *header = store->header;
	uint64_t limit = has_reader(header) ? ALLOT_RING_RESERVE : ALLOT_RING_LIMIT;

	return ring_bytes(header) >= limit + own_bytes(header);
}

void allotp_drain_try(struct allot_store *store)
{
	uint64_t all = ~UINT64_C(0), old = 0;

	if (is_wanted(store))
		return;
	/* A handler must not jump away or be the end of this thread while it holds the lock; to run it may. */
	if (!store->quiet && allotp_sys_sigprocmask(SIG_SETMASK, &all, &old))
		return;
	if (!allotp_drain_lock(store)) {
		allotp_drain(store);
		allotp_drain_unlock(store);
	}
	if (!store->quiet)
		allotp_sys_sigprocmask(SIG_SETMASK, &old, NULL);
}
