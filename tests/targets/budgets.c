/* SPDX-License-Identifier: MIT */
/* Budgets that are kept and broken; each failure is printed. An argument names the part to run. */
#include <pthread.h>
#include <setjmp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "budgets.h"
#include "target.h"

NAMED void *block_of(size_t size);
NAMED void *leak_101(void);
NAMED void *leak_211(void);
NAMED void deep_leak(int depth);
NAMED void jumps_out(void);

void *block_of(size_t size)
{
	return malloc(size);
}

void *leak_101(void)
{
	return malloc(101);
}

void *leak_211(void)
{
	return malloc(211);
}

static void kept(void)
{
	ALLOT_BUDGET (.peak = 1000, .live = 0, .count = 3, .ever = 1500) {
		free(block_of(1000));
		free(block_of(250));
		free(block_of(250));
	}
	ALLOT_BUDGET (.live = 101)
		leak_101();
	ALLOT_BUDGET ()
		leak_101();
	ALLOT_NO_LEAKS {
		void *block = block_of(10);

		block = realloc(block, 20);
		free(block);
	}
}

static void broken(void)
{
	ALLOT_NO_LEAKS { /* line: leaks */
		leak_101();
		leak_211();
		leak_211();
		free(block_of(5000));
	}
	ALLOT_BUDGET (.peak = 1000) { /* line: peak */
		void *one = block_of(600);

		free(leak_101());
		free(block_of(500));
		free(one);
	}
	ALLOT_BUDGET (.count = 2) { /* line: count */
		free(leak_101());
		free(leak_101());
		free(leak_211());
	}
	ALLOT_BUDGET (.peak = 100, .live = 50, .count = 0, .ever = 150) /* line: all */
		leak_211();
	ALLOT_NO_LEAKS /* line: empty */
		block_of(0);
}

static void nested(void)
{
	ALLOT_NO_LEAKS {       /* line: outer */
		ALLOT_NO_LEAKS /* line: inner */
			leak_101();
		ALLOT_BUDGET (.live = 211)
			leak_211();
		for (int i = 0; i < 3; i++)
			ALLOT_BUDGET (.count = 1)
				leak_101();
	}
}

void deep_leak(int depth)
{
	ALLOT_BUDGET (.live = (unsigned)depth * 101) { /* line: deep */
		if (depth)
			deep_leak(depth - 1);
		leak_101();
	}
}

/* What an earlier round has left does not matter, nor when it goes. */
static void rounds(void)
{
	void *last = NULL;

	for (int i = 0; i < 3; i++) {
		ALLOT_NO_LEAKS { /* line: rounds */
			free(last);
			last = leak_101();
		}
	}
	free(last);
	for (int i = 0; i < 3; i++) {
		ALLOT_BUDGET (.live = 101, .peak = 101, .count = 1)
			last = leak_101();
		free(last);
	}
}

/* Returns by how much the tracer's memory has grown meanwhile. */
static size_t grows_often(void)
{
	size_t before = 0;

	for (int i = 0; i < 100000; i++) {
		if (i == 5000) /* a ring has two segments, then */
			before = allot_get_overhead();
		ALLOT_BUDGET (.live = 0, .count = 1) {
			if (i % 10 == 0)
				free(leak_101());
		}
	}
	return allot_get_overhead() - before;
}

static void often(void)
{
	REQUIRE(grows_often() == 0);
}

/*
 * While another process drains, rings take so much before they use again what they have: the reserve of
 * lib/store/drain.h, and what one thread needs.
 */
#define RING_RESERVE ((2u << 20) + (256u << 10))

static void often_drained(void)
{
	REQUIRE(grows_often() <= RING_RESERVE);
}

/* ---- threads ---- */

static void *allocates(void *argument)
{
	(void)argument;
	return leak_101();
}

static void *frees(void *block)
{
	free(block);
	return NULL;
}

static void *run_in_thread(void *(*function)(void *argument), void *argument)
{
	pthread_t thread;
	void *result;

	REQUIRE(!pthread_create(&thread, NULL, function, argument));
	REQUIRE(!pthread_join(thread, &result));
	return result;
}

static void warm_up(void)
{
	/* What the loader and libc keep for threads. */
	free(run_in_thread(allocates, NULL));
}

static void threads(void)
{
	void *block = NULL;

	warm_up();
	/* pthread_create allocates in this thread, and frees it. */
	ALLOT_BUDGET (.live = 100)
		block = run_in_thread(allocates, NULL);
	free(block);
	ALLOT_BUDGET (.live = 100)
		run_in_thread(frees, leak_101());
	ALLOT_BUDGET (.live = 100) /* line: thread */
		leak_101();
}

static void *checks(void *argument)
{
	for (int i = 0; i < 1000; i++) {
		ALLOT_BUDGET (.peak = 101, .live = 0, .count = 2) {
			free(leak_101());
			free(leak_101());
		}
	}
	return argument;
}

static void at_once(void)
{
	pthread_t others[4];

	for (int i = 0; i < 4; i++)
		REQUIRE(!pthread_create(&others[i], NULL, checks, NULL));
	for (int i = 0; i < 4; i++)
		REQUIRE(!pthread_join(others[i], NULL));
}

/* ---- left by longjmp ---- */

static jmp_buf out;
static void *left_behind;

void jumps_out(void)
{
	ALLOT_NO_LEAKS {
		left_behind = leak_101();
		longjmp(out, 1);
	}
}

static void jumped(void)
{
	for (volatile int i = 0; i < 3; i++) {
		if (!setjmp(out))
			jumps_out();
		ALLOT_BUDGET (.live = 0, .count = 1)
			free(leak_211());
		free(left_behind);
	}
	if (!setjmp(out)) {
		ALLOT_NO_LEAKS {
			leak_101();
			longjmp(out, 1);
		}
	}
	ALLOT_BUDGET (.live = 0, .count = 1)
		free(leak_211());
	ALLOT_NO_LEAKS /* line: jumped */
		leak_211();
}

static void forked(void)
{
	pid_t pid;
	int status;

	ALLOT_BUDGET (.live = 101, .count = 2) { /* line: forked */
		leak_101();
		fflush(stdout);
		pid = fork();
		REQUIRE(pid >= 0);
		if (pid)
			REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
		else
			leak_211();
	}
	if (!pid)
		exit(0);
}

static void in_a_region(void)
{
	ALLOT_REGION ("tested")
		ALLOT_NO_LEAKS /* line: region */
			leak_101();
}

int main(int argc, char **argv)
{
	static char buffer[4096]; /* or else it would be allocated in a budget */
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {
		{ "kept", kept },
		{ "broken", broken },
		{ "nested", nested },
		{ "rounds", rounds },
		{ "often", often },
		{ "threads", threads },
		{ "at-once", at_once },
		{ "jumped", jumped },
		{ "forked", forked },
		{ "region", in_a_region },
		{ "often-drained", often_drained },
	};

	if (argc > 2 && !strcmp(argv[2], "abort"))
		allot_check_on_failure(NULL);
	else
		allot_check_on_failure(print_failure);
	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (argc > 1 && !strcmp(argv[1], parts[i].name))
			parts[i].run();
	}
	if (argc > 1 && !strcmp(argv[1], "deep"))
		deep_leak(3);
	return 0;
}
