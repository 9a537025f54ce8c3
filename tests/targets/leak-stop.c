/* SPDX-License-Identifier: MIT */
/*
 * Is looked through while a thread is at something that makes it hard to stop, by the name of that; once by its own wish and once
 * when it exits. The thread keeps a block in its stack, and the program loses one.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allot/trace.h"
#include "target.h"

enum { FIRST_REAL_TIME = 34, SIGNALS = 64 };

static int there[2], done[2]; /* pipes: by which the thread says that it is there, and is told to end */
static volatile int handled;

SITE void *make_1901(void)
{
	return memset(malloc(1901), 0, 1901);
}

SITE void *make_1902(void)
{
	return memset(malloc(1902), 0, 1902);
}

static void handle(int signal)
{
	handled = signal;
}

static void say(int fd)
{
	REQUIRE(write(fd, "", 1) == 1);
}

static void hear(int fd)
{
	char byte;

	REQUIRE(read(fd, &byte, 1) == 1);
}

/* ---- what the thread is at; each returns when it is told to end ---- */

/* A call that is started anew, whatever comes. */
static void read_on(void)
{
	say(there[1]);
	hear(done[0]);
}

/* With all signals blocked but libc's own, as many programs have it in all threads but one. */
static void block(void)
{
	sigset_t all;

	sigfillset(&all);
	REQUIRE(!pthread_sigmask(SIG_BLOCK, &all, NULL));
	read_on();
}

/* With libc's blocked, too: nothing reaches it. */
static void shut(void)
{
	unsigned long all = ~0UL;

	REQUIRE(!syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof(all)));
	read_on();
}

/* Gets the signals that are sent to it, and no other. */
static void await_signal(void)
{
	sigset_t all;
	siginfo_t info;
	int got;

	sigemptyset(&all);
	for (int i = FIRST_REAL_TIME; i <= SIGNALS; i++)
		sigaddset(&all, i);
	REQUIRE(!pthread_sigmask(SIG_BLOCK, &all, NULL));
	say(there[1]);
	/* To be stopped ends this call, whoever does it. */
	do
		got = sigwaitinfo(&all, &info);
	while (got < 0 && errno == EINTR);
	REQUIRE(got == SIGNALS && info.si_code == SI_USER);
}

/* Allocates without end, so that it is seldom at a place where it may be stopped. */
static void churn(void)
{
	struct pollfd end = { .fd = done[0], .events = POLLIN };

	say(there[1]);
	while (poll(&end, 1, 0) != 1) {
		void *block = malloc(40);

		for (int i = 0; i < 1000; i++)
			block = realloc(block, i & 1 ? 40 : 4000);
		free(block);
	}
	hear(done[0]);
}

static void *run(void *argument)
{
	void *volatile held = make_1902();

	(*(void (**)(void))argument)();
	free(held);
	return NULL;
}

/* ---- around it ---- */

/* Traces all of the program, also threads that it makes, and lets it do everything. */
static void debug(int program, const int *tids, size_t count, int ready)
{
	int status, tid;

	for (size_t i = 0; i < count; i++)
		REQUIRE(!ptrace(PTRACE_SEIZE, tids[i], 0, PTRACE_O_TRACECLONE));
	say(ready);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			ptrace(PTRACE_CONT, tid, 0, status >> 16 ? 0 : WSTOPSIG(status));
		else if (tid == program)
			break;
	}
	_exit(0);
}

static volatile int thread_tid;

static void read_on_debugged(void)
{
	thread_tid = (int)syscall(SYS_gettid);
	read_on();
}

static void attach_debugger(void)
{
	int ready[2], begin[2], tids[2] = { getpid(), thread_tid };
	pid_t child;

	REQUIRE(!pipe(ready) && !pipe(begin));
	child = fork();
	REQUIRE(child >= 0);
	if (!child) {
		hear(begin[0]);
		debug(tids[0], tids, 2, ready[1]);
	}
	prctl(PR_SET_PTRACER, child, 0, 0, 0);
	say(begin[1]);
	hear(ready[0]);
}

static void handle_all(void)
{
	const struct sigaction action = { .sa_handler = handle };

	for (int i = FIRST_REAL_TIME; i <= SIGNALS; i++)
		REQUIRE(!sigaction(i, &action, NULL));
}

static const struct place {
	const char *name;
	void (*run)(void), (*around)(void);
	bool signal; /* that it waits for */
} places[] = {
	{ .name = "read", .run = read_on },
	{ .name = "block", .run = block },
	{ .name = "shut", .run = shut },
	{ .name = "await", .run = await_signal, .signal = true },
	{ .name = "churn", .run = churn },
	{ .name = "debug", .run = read_on_debugged, .around = attach_debugger },
	{ .name = "handle", .run = read_on, .around = handle_all },
};

/* What is done with each signal, as the kernel has it. */
static void dispositions(unsigned long (*table)[4])
{
	for (int i = 1; i <= SIGNALS; i++)
		REQUIRE(!syscall(SYS_rt_sigaction, i, NULL, table[i], sizeof(long)));
}

static void look(const struct place *place)
{
	static unsigned long before[SIGNALS + 1][4], after[SIGNALS + 1][4];
	struct allot_leak_counts found;
	sigset_t pending;
	pthread_t thread;
	int result;

	REQUIRE(!pthread_create(&thread, NULL, run, (void *)&place->run));
	hear(there[0]);
	if (place->around)
		place->around();
	dispositions(before);
	result = allot_check_leaks(&found);
	dispositions(after);
	printf("%d\n", result);
	REQUIRE(!memcmp(before, after, sizeof(before)) && !handled);
	REQUIRE(!sigpending(&pending) && sigisemptyset(&pending));
	if (place->signal)
		REQUIRE(!pthread_kill(thread, SIGNALS));
	else
		say(done[1]);
	REQUIRE(!pthread_join(thread, NULL));
}

int main(int argc, char **argv)
{
	pthread_t thread;

	REQUIRE(!pipe(there) && !pipe(done));
	make_1901();
	for (size_t i = 0; argc == 2 && i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(argv[1], places[i].name))
			continue;
		look(&places[i]);
		REQUIRE(!pthread_create(&thread, NULL, run, (void *)&places[i].run));
		hear(there[0]);
		return 0;
	}
	fprintf(stderr, "usage: leak-stop PLACE\n");
	return 2;
}
