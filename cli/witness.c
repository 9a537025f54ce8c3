/* SPDX-License-Identifier: MIT */
/* Whether a signal that we got was sent to our whole process group. */
#include "witness.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void take_off(const sigset_t *set)
{
	const struct timespec at_once = { 0 };

	while (sigtimedwait(set, NULL, &at_once) > 0)
		;
}

/* What comes stays pending, where others can see it; for each byte that is told, it is taken off. Ends when we do. */
static void stand_by(int channel)
{
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "allot-witness");
	/* Whoever reads what we print must not wait for this process too. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	while (read(channel, &byte, 1) == 1) {
		take_off(&all);
		if (write(channel, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

void allotp_witness_open(struct allot_witness *witness)
{
	int ends[2];

	witness->pid = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return;
	witness->pid = fork();
	if (witness->pid == 0) {
		close(ends[0]);
		stand_by(ends[1]);
	}
	close(ends[1]);
	witness->channel = ends[0];
	if (witness->pid < 0)
		close(ends[0]);
}

void allotp_witness_close(struct allot_witness *witness)
{
	if (witness->pid < 0)
		return;
	close(witness->channel);
	kill(witness->pid, SIGKILL);
	waitpid(witness->pid, NULL, 0);
	witness->pid = -1;
}

static uint64_t pending(pid_t pid)
{
	char path[64], line[128];
	uint64_t mask = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "ShdPnd: %" SCNx64, &mask) == 1)
			break;
	}
	if (file)
		fclose(file);
	return mask;
}

bool allotp_witness_had(const struct allot_witness *witness, int signal)
{
	const struct timespec moment = { .tv_nsec = 2000000 };
	struct pollfd answer = { .fd = witness->channel, .events = POLLIN };
	sigset_t same;
	char byte = 0;

	if (witness->pid < 0)
		return false;
	nanosleep(&moment, NULL);
	/* Those of the same moment are one, as they are for the witness. */
	sigemptyset(&same);
	sigaddset(&same, signal);
	take_off(&same);
	if (!(pending(witness->pid) >> (signal - 1) & 1))
		return false;
	/* An answer that came too late the last time. */
	while (recv(witness->channel, &byte, 1, MSG_DONTWAIT) == 1)
		;
	/* For the next time. One that is stopped does so later. */
	if (send(witness->channel, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 && poll(&answer, 1, 1000) == 1)
		recv(witness->channel, &byte, 1, 0);
	return true;
}
