/* SPDX-License-Identifier: MIT */
/*
 * The ways to end, after one block is left and one freed: `leave HOW [VALUE]` with HOW one of return, exit, _exit, quick_exit,
 * abort, thread (exit called by a thread), pthread_exit (main goes, a thread ends last), kill (VALUE is the signal).
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "target.h"

static int value;

SITE void *left_12007(void)
{
	return malloc(12007);
}

SITE void freed_12011(void)
{
	free(malloc(12011));
}

SITE void *in_thread_12037(void)
{
	return malloc(12037);
}

SITE void *at_exit_12041(void)
{
	return malloc(12041);
}

static void at_exit(void)
{
	at_exit_12041();
}

static void *exit_from_thread(void *unused)
{
	(void)unused;
	in_thread_12037();
	exit(value);
}

static void *outlive_main(void *first)
{
	REQUIRE(pthread_join(*(pthread_t *)first, NULL) == 0);
	in_thread_12037();
	exit(value);
}

int main(int argc, char **argv)
{
	static pthread_t first;
	const char *how = argc > 1 ? argv[1] : "return";
	pthread_t thread;

	value = argc > 2 ? atoi(argv[2]) : 0;
	REQUIRE(atexit(at_exit) == 0);
	REQUIRE(at_quick_exit(at_exit) == 0);
	left_12007();
	freed_12011();
	if (!strcmp(how, "exit")) {
		exit(value);
	} else if (!strcmp(how, "_exit")) {
		_exit(value);
	} else if (!strcmp(how, "quick_exit")) {
		quick_exit(value);
	} else if (!strcmp(how, "abort")) {
		abort();
	} else if (!strcmp(how, "thread")) {
		REQUIRE(pthread_create(&thread, NULL, exit_from_thread, NULL) == 0);
		pthread_join(thread, NULL);
	} else if (!strcmp(how, "pthread_exit")) {
		first = pthread_self();
		REQUIRE(pthread_create(&thread, NULL, outlive_main, &first) == 0);
		pthread_exit(NULL);
	} else if (!strcmp(how, "kill")) {
		kill(getpid(), value);
		for (;;)
			pause();
	}
	return value;
}
