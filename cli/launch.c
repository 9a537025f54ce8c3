/* SPDX-License-Identifier: MIT */
/* Starting the program to be traced, and standing in for it. */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scan/scan.h"

/* Those that somebody may send to us and mean the program. */
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGWINCH };

/* A number that no program expects to be its next descriptor; the library closes it before main. */
enum { STORE_FD = 963 };

static void fill(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(set, forwarded[i]);
	sigaddset(set, SIGCHLD);
}

static void set_number(const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	setenv(name, text, 1);
}

static void set_environment(const struct allot_launch_plan *plan)
{
	const char *others = getenv("LD_PRELOAD");
	char *preload = NULL;

	/* Ours first: what the user's own libraries allocate is the program's, too. */
	if (asprintf(&preload, "%s%s%s", plan->library, others && *others ? ":" : "", others ? others : "") < 0)
		_exit(126);
	setenv("LD_PRELOAD", preload, 1);
	setenv("ALLOT_DIR", plan->directory, 1);
	set_number("ALLOT_FOLLOW", plan->follow);
	if (plan->depth)
		set_number("ALLOT", plan->depth);
	else
		unsetenv("ALLOT");
	if (plan->mmap)
		setenv("ALLOT_MMAP", "1", 1);
	if (plan->leaks) {
		char names[ALLOT_SCAN_NAMES];

		allotp_scan_heuristics_name(plan->heuristics, names);
		setenv("ALLOT_LEAKS", names, 1);
		snprintf(names, sizeof(names), "0x%" PRIx64, plan->why);
		setenv("ALLOT_WHY", plan->why ? names : "", 1);
	}
	if (plan->repeat)
		setenv("ALLOT_REPEAT", plan->repeat, 1);
	if (plan->sampling_bytes)
		set_number("ALLOT_SAMPLE", plan->sampling_bytes);
	if (plan->store_fd >= 0 && dup2(plan->store_fd, STORE_FD) >= 0)
		set_number("ALLOT_STORE_FD", STORE_FD);
	else
		unsetenv("ALLOT_STORE_FD");
}

/* Returns the errno of exec by the pipe, which a successful exec closes. */
static void become(const struct allot_launch_plan *plan, char **argv, int pipe_fd,
		   const struct allot_launch_inherited *inherited)
{
	int code;

	set_environment(plan);
	sigaction(SIGCHLD, &inherited->on_child, NULL);
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
	execvp(argv[0], argv);
	code = errno;
	if (write(pipe_fd, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

static void give_up(struct allot_launch *launch)
{
	allotp_launch_finish(launch);
	sigprocmask(SIG_SETMASK, &launch->inherited.mask, NULL);
}

int allotp_launch(struct allot_launch *launch, const struct allot_launch_plan *plan, char **argv,
		  struct allot_error *error)
{
	/* Whoever ignores SIGCHLD is not told how its children end. */
	const struct sigaction wait_for_children = { .sa_handler = SIG_DFL };
	sigset_t set;
	int report[2], code = 0;
	ssize_t got;

	memset(launch, 0, sizeof(*launch));
	allotp_witness_open(&launch->witness);
	allotp_children_read(&launch->before);
	if (plan->follow)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	fill(&set);
	if (pipe2(report, O_CLOEXEC))
		return allotp_error(error, -errno, "cannot make a pipe: %s", strerror(errno));
	sigprocmask(SIG_BLOCK, &set, &launch->inherited.mask);
	sigaction(SIGCHLD, &wait_for_children, &launch->inherited.on_child);
	launch->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	launch->pid = launch->signals < 0 ? -1 : fork();
	if (launch->pid == 0)
		become(plan, argv, report[1], &launch->inherited);
	code = launch->pid < 0 ? errno : 0;
	close(report[1]);
	if (code) {
		close(report[0]);
		give_up(launch);
		return allotp_error(error, -code, "cannot start a process: %s", strerror(code));
	}
	do {
		got = read(report[0], &code, sizeof(code));
	} while (got < 0 && errno == EINTR);
	close(report[0]);
	if (got != sizeof(code))
		return 0;
	waitpid(launch->pid, NULL, 0);
	give_up(launch);
	return allotp_error(error, -code, "%s: %s", argv[0], strerror(code));
}

/* The terminal stops and interrupts its whole foreground group: the program has had those itself. */
static bool from_terminal(const struct signalfd_siginfo *info)
{
	return info->ssi_code == SI_KERNEL;
}

/* One that was sent to the whole group, unless the program has one of its own, as shells do. */
static bool has_had(const struct allot_launch *launch, int signal)
{
	return getpgid(launch->pid) == getpgrp() && allotp_witness_had(&launch->witness, signal);
}

static bool is_wish_to_end(uint32_t signal)
{
	return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

static void pass_on(struct allot_launch *launch, const struct signalfd_siginfo *info)
{
	if (launch->ended)
		launch->left = launch->left || is_wish_to_end(info->ssi_signo);
	else if (!from_terminal(info) && !has_had(launch, (int)info->ssi_signo))
		kill(launch->pid, (int)info->ssi_signo);
}

static void reap(struct allot_launch *launch)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != launch->pid)
			continue;
		if (WIFSTOPPED(status)) {
			/* Job control: the shell waits for us, so stop as the program has stopped. */
			if (WSTOPSIG(status) != SIGSTOP)
				raise(SIGSTOP);
			continue;
		}
		launch->ended = true;
		launch->status = status;
	}
}

void allotp_launch_wait(struct allot_launch *launch, int timeout_ms)
{
	struct pollfd wanted = { .fd = launch->signals, .events = POLLIN };
	struct signalfd_siginfo info;

	if (poll(&wanted, 1, timeout_ms) <= 0)
		return;
	while (read(launch->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			pass_on(launch, &info);
	}
	reap(launch);
}

void allotp_launch_orphans(const struct allot_launch *launch, struct allot_children *out)
{
	allotp_children_read(out);
	allotp_children_without(out, &launch->before);
}

int allotp_launch_exit_status(const struct allot_launch *launch)
{
	return WIFSIGNALED(launch->status) ? 128 + WTERMSIG(launch->status) : WEXITSTATUS(launch->status);
}

void allotp_launch_finish(struct allot_launch *launch)
{
	struct signalfd_siginfo info;

	/* Those that came after the program's end were meant for it even so. */
	while (launch->signals >= 0 && read(launch->signals, &info, sizeof(info)) == sizeof(info))
		;
	close(launch->signals);
	allotp_witness_close(&launch->witness);
	sigaction(SIGCHLD, &launch->inherited.on_child, NULL);
}
