/* SPDX-License-Identifier: MIT */
/*
 * What counts as temporary: freed by the thread that allocated it with no other allocation of that thread in between. Not
 * so if another thread frees it, or if there was another allocation; an allocation of another thread does not matter.
 */
#include <pthread.h>

#include "target.h"

static pthread_barrier_t turn;
static void *passed;

SITE void *at_once_101(void)
{
	return malloc(101);
}

SITE void *one_between_103(void)
{
	return malloc(103);
}

SITE void *between_107(void)
{
	return malloc(107);
}

SITE void *by_another_109(void)
{
	return malloc(109);
}

SITE void *others_allocate_113(void)
{
	return malloc(113);
}

SITE void *in_other_thread_127(void)
{
	return malloc(127);
}

SITE void *free_between_131(void)
{
	return malloc(131);
}

SITE void *nested_outer_137(void)
{
	return malloc(137);
}

static void *other(void *unused)
{
	pthread_barrier_wait(&turn);
	free(passed);
	pthread_barrier_wait(&turn);

	pthread_barrier_wait(&turn);
	free(in_other_thread_127());
	pthread_barrier_wait(&turn);
	return unused;
}

int main(void)
{
	pthread_t thread;
	void *one, *two, *old;
	int i;

	REQUIRE(pthread_barrier_init(&turn, NULL, 2) == 0);
	REQUIRE(pthread_create(&thread, NULL, other, NULL) == 0);

	for (i = 0; i < 10; i++)
		free(at_once_101());

	/* The inner is temporary, the outer is not. */
	for (i = 0; i < 10; i++) {
		one = one_between_103();
		two = between_107();
		free(two);
		free(one);
	}

	/* A free of something else in between does not matter. */
	for (i = 0; i < 10; i++) {
		old = nested_outer_137();
		one = free_between_131();
		free(old);
		free(one);
	}

	passed = by_another_109();
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);

	one = others_allocate_113();
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	free(one);

	REQUIRE(pthread_join(thread, NULL) == 0);
	return 0;
}
