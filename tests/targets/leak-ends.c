/* SPDX-License-Identifier: MIT */
/* How programs end, and what is lost or given back meanwhile. */
#include "leak.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

PLACE by_quick_exit(void)
{
	make_1601();
	leak_global = make_1602();
	leak_clear();
	quick_exit(0);
}

PLACE by_underscore_exit(void)
{
	make_1601();
	leak_global = make_1602();
	leak_clear();
	_exit(0);
}

static void lose_late(void)
{
	make_1602();
	leak_clear();
}

PLACE at_exit_handler(void)
{
	REQUIRE(!atexit(lose_late));
}

PLACE in_stack_at_exit(void)
{
	void *volatile held = make_1601();

	leak_clear();
	exit(held ? 0 : 1);
}

/* What the child inherits is not its own, but may hold what is. */
PLACE forked(void)
{
	void **holder = leak_global = make_48();
	pid_t child = fork();

	REQUIRE(child >= 0);
	if (child) {
		REQUIRE(waitpid(child, NULL, 0) == child);
		return;
	}
	holder[0] = make_1601();
	make_1602();
}

static void lose_more(void)
{
	make_1603();
	leak_clear();
}

PLACE at_quick_exit_handler(void)
{
	REQUIRE(!at_quick_exit(lose_more));
	leak_clear();
	quick_exit(0);
}

static void *volatile to_be_freed;

static void give_back(void)
{
	free(to_be_freed);
	to_be_freed = NULL;
}

/* What a handler gives back is no leak, though it was there until the end. */
PLACE freed_at_exit(void)
{
	to_be_freed = make_1601();
	make_1602();
	REQUIRE(!atexit(give_back));
}

static volatile bool lose_at_end;

__attribute__((destructor)) static void end(void)
{
	if (!lose_at_end)
		return;
	make_1603();
	give_back();
	leak_clear();
}

PLACE in_destructor(void)
{
	lose_at_end = true;
	to_be_freed = make_1601();
}

static int holds;

static void *hold(void *argument)
{
	void *volatile held = argument;

	__atomic_store_n(&holds, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return held;
}

__attribute__((noinline)) static void start_holder(void)
{
	pthread_t thread;

	leak_global = make_1601();
	REQUIRE(!pthread_create(&thread, NULL, hold, leak_global));
	while (!__atomic_load_n(&holds, __ATOMIC_ACQUIRE))
		sched_yield();
}

__attribute__((noinline)) static void take_again(void)
{
	void *block = leak_global;

	leak_global = NULL;
	free(block);
	REQUIRE(make_1601() == block);
}

/* The child has one thread, and the stack of another, who held what the child gives back, takes again and loses. */
PLACE forked_with_threads(void)
{
	pid_t child;

	start_holder();
	leak_clear();
	child = fork();
	REQUIRE(child >= 0);
	if (child) {
		leak_global = NULL;
		REQUIRE(waitpid(child, NULL, 0) == child);
		return;
	}
	take_again();
	leak_clear();
	exit(0);
}

const struct leak_place leak_ends[] = {
	AT(by_quick_exit),         AT(by_underscore_exit), AT(at_exit_handler), AT(in_stack_at_exit),    AT(forked),
	AT(at_quick_exit_handler), AT(freed_at_exit),      AT(in_destructor),   AT(forked_with_threads), { NULL, NULL },
};
