/* SPDX-License-Identifier: MIT */
/*
 * What CPython's own tests ask of its tracer, by the names that they have there (test_tracemalloc.py), and what is different
 * in C: all by calls of allot/trace.h. Each case begins tracing anew.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allot/trace.h"
#include "cases.h"
#include "target.h"

enum { FRAMES = 64 };

struct traceback {
	void *frames[FRAMES];
	int count;
};

static struct traceback traceback_of(const void *block)
{
	struct traceback traceback = { { NULL }, 0 };

	traceback.count = allot_get_traceback(block, traceback.frames, FRAMES);
	return traceback;
}

static bool same(const struct traceback *a, const struct traceback *b)
{
	return a->count == b->count && a->count > 0 && !memcmp(a->frames, b->frames, (size_t)a->count * sizeof(void *));
}

static void start_anew(int frames)
{
	allot_stop();
	CHECK_IS(allot_is_tracing(), 0);
	CHECK_IS(allot_start(frames), 0);
	CHECK_IS(allot_is_tracing(), 1);
	CHECK_IS(allot_get_traceback_limit(), frames);
}

static size_t traced(void)
{
	size_t current = 0;

	CHECK_IS(allot_get_traced_memory(&current, NULL), 0);
	return current;
}

static size_t peak(void)
{
	size_t most = 0;

	CHECK_IS(allot_get_traced_memory(NULL, &most), 0);
	return most;
}

SITE void *allocate(size_t size)
{
	return malloc(size);
}

SITE void *allocate_elsewhere(size_t size)
{
	return malloc(size);
}

SITE void *allocate_deep(int depth, size_t size)
{
	return depth ? allocate_deep(depth - 1, size) : allocate(size);
}

/* ---- CPython's ---- */

static void test_get_traced_memory(void)
{
	size_t current, most;
	void *block;

	start_anew(ALLOT_FULL_STACK);
	CHECK_IS(traced(), 0);
	block = allocate(1 << 20);
	CHECK_IS(traced(), 1 << 20);
	CHECK_IS(peak(), 1 << 20);
	free(block);
	CHECK_IS(traced(), 0);
	CHECK_IS(peak(), 1 << 20);
	allot_stop();
	current = most = 1;
	CHECK_IS(allot_get_traced_memory(&current, &most), ALLOT_NOT_TRACING);
	CHECK_IS(current, 0);
	CHECK_IS(most, 0);
}

static void test_reset_peak(void)
{
	void *block;

	start_anew(ALLOT_FULL_STACK);
	free(allocate(100000));
	block = allocate(1000);
	CHECK_IS(peak(), 100000);
	CHECK_IS(allot_reset_peak(), 0);
	CHECK_IS(traced(), 1000);
	CHECK_IS(peak(), 1000);
	free(allocate(5000));
	CHECK_IS(traced(), 1000);
	CHECK_IS(peak(), 6000);
	free(block);
	allot_stop();
	CHECK_IS(allot_reset_peak(), ALLOT_NOT_TRACING);
}

static void test_set_traceback_limit(void)
{
	void *block;

	allot_stop();
	CHECK_IS(allot_start(-1), -EINVAL);
	CHECK_IS(allot_start(0), -EINVAL);
	CHECK_IS(allot_start(65536), -EINVAL);
	CHECK_IS(allot_is_tracing(), 0);
	start_anew(10);
	block = allocate_deep(20, 10);
	CHECK_IS(traceback_of(block).count, 10);
	free(block);
	start_anew(1);
	block = allocate_deep(20, 10);
	CHECK_IS(traceback_of(block).count, 1);
	/* While tracing, another limit is not taken. */
	CHECK_IS(allot_start(5), 0);
	CHECK_IS(allot_get_traceback_limit(), 1);
	CHECK_IS(allot_start(-1), -EINVAL);
	free(block);
	start_anew(ALLOT_FULL_STACK);
	block = allocate_deep(20, 10);
	CHECK(traceback_of(block).count > 21);
	free(block);
	allot_stop();
	CHECK_IS(allot_get_traceback_limit(), ALLOT_FULL_STACK);
}

/* In a loop that stays one loop. */
SITE void allocate_many(void **blocks, int count)
{
	for (int i = 0; i < count; i++)
		blocks[i] = allocate_deep(30, 42);
}

/*
 * While another process drains, rings take so much before they use again what they have: the reserve of
 * lib/store/drain.h, and what one thread needs.
 */
#define RING_RESERVE ((2u << 20) + (256u << 10))

static size_t reserve;

/* Blocks of one stack share it: it takes no memory twice. */
static void test_get_traces_intern_traceback(void)
{
	struct traceback first, last;
	size_t overhead[6] = { 0 };
	void *blocks[1000];

	start_anew(ALLOT_FULL_STACK);
	for (int i = 0; i < 6; i++) {
		allocate_many(blocks, 1000);
		first = traceback_of(blocks[0]);
		last = traceback_of(blocks[999]);
		CHECK(same(&first, &last));
		overhead[i] = allot_get_overhead();
		for (int j = 0; j < 1000; j++)
			free(blocks[j]);
	}
	CHECK(overhead[5] <= overhead[2] + reserve);
}

static void test_clear_traces(void)
{
	void *block, *other;

	start_anew(ALLOT_FULL_STACK);
	block = allocate(123);
	CHECK(traceback_of(block).count > 0);
	CHECK_IS(allot_clear_traces(), 0);
	CHECK_IS(allot_is_tracing(), 1);
	CHECK_IS(traced(), 0);
	CHECK_IS(peak(), 0);
	CHECK_IS(traceback_of(block).count, -ENOENT);
	/* What is forgotten goes without a word, and what comes counts. */
	other = allocate(45);
	free(block);
	CHECK_IS(traced(), 45);
	CHECK_IS(peak(), 45);
	free(other);
	allot_stop();
	CHECK_IS(allot_clear_traces(), ALLOT_NOT_TRACING);
}

/* The script that runs this looks into the file. */
static void test_snapshot(void)
{
	void *block, *data = NULL;
	size_t size = 0;

	start_anew(ALLOT_FULL_STACK);
	block = allocate(123);
	CHECK_IS(allot_take_snapshot("taken.store"), 0);
	CHECK_IS(allot_take_snapshot_in_memory(&data, &size), 0);
	CHECK(data && size > 4096 && size % 4096 == 0);
	allot_free_snapshot(data, size);
	/* It is a copy: nothing that comes is in it. */
	free(block);
	free(allocate_elsewhere(1 << 20));
	allot_stop();
	CHECK_IS(allot_take_snapshot("never.store"), ALLOT_NOT_TRACING);
	CHECK_IS(access("never.store", F_OK), -1);
	data = NULL;
	CHECK_IS(allot_take_snapshot_in_memory(&data, &size), ALLOT_NOT_TRACING);
	CHECK(!data);
}

/* What the child of test_fork finds wrong. */
static int look_around_in_child(const void *inherited)
{
	void *block;

	if (!allot_is_tracing())
		return 2;
	if (traced() != 0 || traceback_of(inherited).count != -ENOENT)
		return 3;
	block = allocate(12345);
	if (traceback_of(block).count <= 0)
		return 4;
	if (traced() != 12345)
		return 5;
	return 0;
}

static void test_fork(void)
{
	struct traceback before, after;
	int status = -1;
	void *block;
	pid_t pid;

	start_anew(ALLOT_FULL_STACK);
	block = allocate(321);
	before = traceback_of(block);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(look_around_in_child(block));
	CHECK_IS(waitpid(pid, &status, 0), pid);
	CHECK_IS(status, 0);
	CHECK_IS(traced(), 321);
	after = traceback_of(block);
	CHECK(same(&before, &after));
	free(block);
}

/* An address that is given out again has the stack of its new block. */
static void test_new_reference(void)
{
	struct traceback old, new;
	void *block, *volatile freed;

	start_anew(ALLOT_FULL_STACK);
	block = freed = allocate(200);
	old = traceback_of(block);
	free(block);
	CHECK_IS(traceback_of(freed).count, -ENOENT);
	block = allocate_elsewhere(200);
	REQUIRE(block == freed);
	new = traceback_of(block);
	CHECK(new.count > 0 && !same(&old, &new));
	free(block);
}

enum { POOL = 5 };
static char pool[4096];

SITE int track(const void *pointer, size_t size)
{
	return allot_track(POOL, pointer, size);
}

SITE int track_elsewhere(const void *pointer, size_t size)
{
	return allot_track(POOL, pointer, size);
}

static struct traceback tracked(const void *pointer)
{
	struct traceback traceback = { { NULL }, 0 };

	traceback.count = allot_get_domain_traceback(POOL, pointer, traceback.frames, FRAMES);
	return traceback;
}

static void test_track(void)
{
	start_anew(5);
	CHECK_IS(track(pool, 123), 0);
	CHECK_IS(traced(), 123);
	CHECK(tracked(pool).count > 0);
	/* In another domain it is another block, and one of no domain's. */
	CHECK_IS(allot_get_traceback(pool, NULL, 0), -ENOENT);
	allot_stop();
	CHECK_IS(track(pool, 123), ALLOT_NOT_TRACING);
}

static void test_track_already_tracked(void)
{
	struct traceback first, second;

	start_anew(5);
	CHECK_IS(track(pool, 100), 0);
	first = tracked(pool);
	CHECK_IS(track_elsewhere(pool, 123), 0);
	second = tracked(pool);
	CHECK(second.count > 0 && !same(&first, &second));
	CHECK_IS(traced(), 123);
	/* Just as it was, again and again. */
	for (int i = 0; i < 3; i++)
		CHECK_IS(track_elsewhere(pool, 123), 0);
	CHECK_IS(traced(), 123);
	/* Among so many others that it has grown old. */
	for (int i = 1; i < 4000; i++)
		CHECK_IS(track(pool + i, 1), 0);
	for (int i = 0; i < 4000; i++)
		CHECK_IS(track_elsewhere(pool + i, 2), 0);
	CHECK_IS(traced(), 8000);
}

static void test_untrack(void)
{
	start_anew(5);
	CHECK_IS(track(pool, 123), 0);
	CHECK(tracked(pool).count > 0);
	CHECK_IS(allot_untrack(POOL, pool), 0);
	CHECK_IS(tracked(pool).count, -ENOENT);
	CHECK_IS(traced(), 0);
	CHECK_IS(allot_untrack(POOL, pool), 0);
}

static void own_blocks_from_malloc(void)
{
	unsigned char *block, *other;
	int sum = 0;

	start_anew(5);
	block = allot_domain_calloc(POOL, 3, 100);
	for (int i = 0; i < 300; i++)
		sum += block[i];
	CHECK_IS(sum, 0);
	CHECK_IS(traced(), 300);
	CHECK(tracked(block).count > 0);
	CHECK_IS(traceback_of(block).count, -ENOENT);
	allot_domain_free(POOL, block);
	CHECK_IS(traced(), 0);
	CHECK_IS(tracked(block).count, -ENOENT);
	allot_domain_free(POOL, NULL);
	CHECK(!allot_domain_calloc(POOL, SIZE_MAX / 2, 4));
	/* One that is no domain, and when nothing is traced: memory all the same. */
	block = allot_domain_calloc(1, 1, 7);
	CHECK_IS(traced(), 0);
	allot_domain_free(1, block);
	allot_stop();
	block = allot_domain_calloc(POOL, 1, 7);
	start_anew(5);
	other = allot_domain_calloc(POOL, 1, 8);
	allot_domain_free(POOL, block);
	CHECK_IS(traced(), 8);
	allot_stop();
	allot_domain_free(POOL, other);
}

static void test_stop_untrack(void)
{
	start_anew(5);
	CHECK_IS(track(pool, 123), 0);
	allot_stop();
	CHECK_IS(allot_untrack(POOL, pool), ALLOT_NOT_TRACING);
	CHECK_IS(tracked(pool).count, ALLOT_NOT_TRACING);
}

/* Blocks of no bytes are blocks. */
static void test_pymem_alloc0(void)
{
	void *block;

	start_anew(ALLOT_FULL_STACK);
	block = allocate(0);
	CHECK(traceback_of(block).count > 0);
	CHECK_IS(traced(), 0);
	block = realloc(block, 10);
	CHECK_IS(traced(), 10);
	free(block);
	block = calloc(0, 7);
	CHECK(traceback_of(block).count > 0);
	free(block);
	CHECK_IS(traced(), 0);
}

/* ---- what CPython's tests leave to its documentation ---- */

static void stopping_twice(void)
{
	start_anew(7);
	CHECK_IS(allot_stop(), 0);
	CHECK_IS(allot_stop(), ALLOT_NOT_TRACING);
	CHECK_IS(allot_get_traceback_limit(), 7);
	CHECK_IS(allot_is_tracing(), 0);
	CHECK(allot_get_overhead() > 0);
}

static void sizes_asked_for(void)
{
	void *block;

	start_anew(ALLOT_FULL_STACK);
	block = calloc(3, 7);
	CHECK_IS(traced(), 21);
	free(block);
	CHECK(!posix_memalign(&block, 256, 33));
	CHECK_IS(traced(), 33);
	free(block);
	CHECK_IS(traced(), 0);
}

SITE void *resize(void *block, size_t size)
{
	return realloc(block, size);
}

static void reallocation(void)
{
	struct traceback old, new;
	void *block, *untraced, *volatile failed;

	allot_stop();
	untraced = allocate(50);
	start_anew(ALLOT_FULL_STACK);
	/* The new call site, in the same place. */
	block = allocate(100);
	old = traceback_of(block);
	block = resize(block, 90);
	new = traceback_of(block);
	CHECK(new.count > 0 && !same(&old, &new));
	CHECK_IS(traced(), 90);
	/* One that fails leaves everything as it was. */
	failed = resize(block, SIZE_MAX / 2 - 100);
	CHECK(!failed);
	old = traceback_of(block);
	CHECK(same(&old, &new));
	CHECK_IS(traced(), 90);
	/* A block that nobody traced is one from then on. */
	CHECK_IS(traceback_of(untraced).count, -ENOENT);
	failed = resize(untraced, SIZE_MAX / 2 - 100);
	CHECK(!failed);
	CHECK_IS(traceback_of(untraced).count, -ENOENT);
	untraced = resize(untraced, 77);
	CHECK(traceback_of(untraced).count > 0);
	CHECK_IS(traced(), 167);
	free(untraced);
	free(block);
	CHECK_IS(traced(), 0);
}

static void exact_pointers_only(void)
{
	char *block;
	void *frame;

	start_anew(ALLOT_FULL_STACK);
	block = allocate(100);
	CHECK_IS(allot_get_traceback(block + 8, NULL, 0), -ENOENT);
	CHECK_IS(allot_get_traceback(NULL, NULL, 0), -ENOENT);
	CHECK_IS(allot_get_traceback(&block, NULL, 0), -ENOENT);
	CHECK_IS(allot_get_domain_traceback(-1, block, NULL, 0), -ENOENT);
	CHECK_IS(allot_get_domain_traceback(65536, block, NULL, 0), -ENOENT);
	/* How many there are, however many are wanted; and no more than that are written. */
	CHECK(allot_get_traceback(block, NULL, 0) > 2);
	frame = pool;
	CHECK(allot_get_traceback(block, &frame, 1) > 2);
	CHECK(frame != pool);
	CHECK(frame == traceback_of(block).frames[0]);
	free(block);
}

static void domains_of_its_own(void)
{
	int cars = allot_domain("cars");
	char name[65];

	CHECK(cars >= 2);
	CHECK_IS(allot_domain("cars"), cars);
	CHECK(allot_domain("boats") > cars);
	CHECK_IS(allot_domain("malloc"), 0);
	CHECK_IS(allot_domain("mmap"), 1);
	memset(name, 'n', 64);
	name[64] = 0;
	CHECK_IS(allot_domain(""), -EINVAL);
	CHECK_IS(allot_domain(name), -EINVAL);
	name[63] = 0;
	CHECK(allot_domain(name) > cars);
	/* The number stays while tracing is on or off. */
	allot_stop();
	CHECK_IS(allot_domain("cars"), cars);
	start_anew(ALLOT_FULL_STACK);
	CHECK_IS(allot_domain("cars"), cars);
	CHECK_IS(allot_track(cars, pool, 10), 0);
	CHECK_IS(allot_track(cars, pool + 10, 20), 0);
	CHECK_IS(allot_track(allot_domain("boats"), pool, 40), 0);
	CHECK_IS(traced(), 70);
	/* Neither malloc's nor mmap's, nor more than 16 bits; nor pointers that are none. */
	CHECK_IS(allot_track(0, pool, 10), -EINVAL);
	CHECK_IS(allot_track(1, pool, 10), -EINVAL);
	CHECK_IS(allot_track(-1, pool, 10), -EINVAL);
	CHECK_IS(allot_track(65536, pool, 10), -EINVAL);
	CHECK_IS(allot_untrack(65536, pool), -EINVAL);
	CHECK_IS(allot_track(cars, (void *)(UINTPTR_MAX / 2), 10), -EINVAL);
	CHECK_IS(allot_track(cars, pool, SIZE_MAX), -EINVAL);
	CHECK_IS(allot_track(65535, pool, 1), 0);
	CHECK_IS(traced(), 71);
	/* What malloc gives and free takes is no block of theirs. */
	free(allocate(10));
	CHECK_IS(traced(), 71);
	CHECK_IS(allot_take_snapshot("domains.store"), 0);
}

static void blocks_stay_tracked(void)
{
	void *block, *volatile freed;

	start_anew(ALLOT_FULL_STACK);
	block = freed = allocate(30);
	CHECK_IS(allot_track(POOL, block, 30), 0);
	CHECK_IS(traced(), 60);
	free(block);
	CHECK_IS(traced(), 30);
	CHECK_IS(allot_untrack(POOL, freed), 0);
	CHECK_IS(traced(), 0);
}

/* ---- many threads ---- */

enum { THREADS = 8, EACH = 500 };
static pthread_barrier_t barrier;

static void *allocate_a_lot(void *argument)
{
	void *blocks[EACH];

	for (int i = 0; i < EACH; i++) {
		blocks[i] = allocate(100);
		if (i % 2)
			free(allocate_elsewhere(10000));
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < EACH; i++)
		free(blocks[i]);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return argument;
}

/* Everything that any thread has done before is counted, whoever was about to count it. */
static void many_threads(void)
{
	pthread_t threads[THREADS];
	size_t before;

	start_anew(ALLOT_FULL_STACK);
	CHECK_IS(pthread_barrier_init(&barrier, NULL, THREADS + 1), 0);
	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_create(&threads[i], NULL, allocate_a_lot, NULL), 0);
	pthread_barrier_wait(&barrier);
	before = traced(); /* libc's own for its threads, too */
	CHECK(before >= THREADS * EACH * 100);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	CHECK_IS(before - traced(), THREADS * EACH * 100);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
}

static bool done;

static void *allocate_all_the_time(void *argument)
{
	while (!__atomic_load_n(&done, __ATOMIC_RELAXED))
		free(allocate(1000));
	return argument;
}

/* Whatever the others are at: current and peak are never less than what this thread alone has. */
static void among_busy_threads(void)
{
	pthread_t threads[4];

	start_anew(ALLOT_FULL_STACK);
	__atomic_store_n(&done, false, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		CHECK_IS(pthread_create(&threads[i], NULL, allocate_all_the_time, NULL), 0);
	for (int i = 0; i < 50; i++) {
		void *block = allocate(1 << 20);
		size_t current, most;

		CHECK_IS(allot_get_traced_memory(&current, &most), 0);
		CHECK(current >= 1 << 20 && current <= (1 << 20) + 50000);
		CHECK(most >= current);
		CHECK(traceback_of(block).count > 0);
		if (i % 10 == 0)
			CHECK_IS(allot_clear_traces(), 0);
		else if (i % 10 == 5)
			start_anew(i % 20 ? 3 : ALLOT_FULL_STACK);
		free(block);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK(traced() < 50000);
}

static void *allocate_once(void *argument)
{
	free(allocate(1000));
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return argument;
}

/* Threads that end without a word since tracing was started anew leave their places to others. */
static void threads_come_and_go(void)
{
	size_t overhead = 0;

	CHECK_IS(pthread_barrier_init(&barrier, NULL, 2), 0);
	for (int i = 0; i < 100; i++) {
		pthread_t thread;

		start_anew(ALLOT_FULL_STACK);
		CHECK_IS(pthread_create(&thread, NULL, allocate_once, NULL), 0);
		pthread_barrier_wait(&barrier);
		start_anew(ALLOT_FULL_STACK);
		if (i == 10)
			overhead = allot_get_overhead();
		pthread_barrier_wait(&barrier);
		pthread_join(thread, NULL);
	}
	CHECK(allot_get_overhead() < overhead + (1 << 17) + reserve);
	pthread_barrier_destroy(&barrier);
}

static void the_store_stays_small(void)
{
	size_t overhead = 0;

	for (int i = 0; i < 1000; i++) {
		start_anew(ALLOT_FULL_STACK);
		free(allocate(100));
		CHECK_IS(allot_stop(), 0);
		if (i == 10)
			overhead = allot_get_overhead();
	}
	CHECK(allot_get_overhead() <= overhead + reserve);
}

/* A child of one that has stopped does not trace before it wants to, and then by itself. */
static int trace_in_child(void)
{
	if (allot_is_tracing() || allot_get_overhead())
		return 2;
	if (allot_start(4) || !allot_is_tracing() || allot_get_traceback_limit() != 4)
		return 3;
	if (traced() != 0)
		return 4;
	return traceback_of(allocate_deep(10, 99)).count == 4 && traced() == 99 ? 0 : 5;
}

static void child_of_one_that_has_stopped(void)
{
	int status = -1;
	pid_t pid;

	start_anew(ALLOT_FULL_STACK);
	CHECK_IS(allot_stop(), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(trace_in_child());
	CHECK_IS(waitpid(pid, &status, 0), pid);
	CHECK_IS(status, 0);
	CHECK_IS(allot_is_tracing(), 0);
	start_anew(ALLOT_FULL_STACK);
	CHECK_IS(traced(), 0);
}

static void snapshots_that_fail(void)
{
	start_anew(ALLOT_FULL_STACK);
	CHECK_IS(allot_take_snapshot("no/such/folder/a.store"), -ENOENT);
	CHECK_IS(allot_take_snapshot("."), -EISDIR);
	errno = 1234;
	CHECK_IS(allot_take_snapshot("no/such/folder/a.store"), -ENOENT);
	traced();
	allot_stop();
	allot_start(3);
	CHECK_IS(errno, 1234);
}

/* With an argument: while another process drains. */
int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(test_get_traced_memory),
		CASE(test_reset_peak),
		CASE(test_set_traceback_limit),
		CASE(test_get_traces_intern_traceback),
		CASE(test_clear_traces),
		CASE(test_snapshot),
		CASE(test_fork),
		CASE(test_new_reference),
		CASE(test_track),
		CASE(test_track_already_tracked),
		CASE(test_untrack),
		CASE(test_stop_untrack),
		CASE(own_blocks_from_malloc),
		CASE(test_pymem_alloc0),
		CASE(stopping_twice),
		CASE(sizes_asked_for),
		CASE(reallocation),
		CASE(exact_pointers_only),
		CASE(domains_of_its_own),
		CASE(blocks_stay_tracked),
		CASE(many_threads),
		CASE(among_busy_threads),
		CASE(threads_come_and_go),
		CASE(the_store_stays_small),
		CASE(child_of_one_that_has_stopped),
		CASE(snapshots_that_fail),
	};

	(void)argv;
	reserve = argc > 1 ? RING_RESERVE : 0;
	return cases_run(cases, sizeof(cases) / sizeof(cases[0]));
}
