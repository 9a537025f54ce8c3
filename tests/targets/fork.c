/* SPDX-License-Identifier: MIT */
/*
 * A process that forks three times; each child frees blocks it inherited, allocates its own and leaves by _exit. The
 * parent goes on meanwhile. The last child forks a grandchild.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

static void *inherited[3];

SITE void *parent_7001(void)
{
	return malloc(7001);
}

SITE void *parent_after_7013(void)
{
	return malloc(7013);
}

SITE void *child_8009(void)
{
	return malloc(8009);
}

SITE void *grandchild_8011(void)
{
	return malloc(8011);
}

static void child(int number)
{
	pid_t pid;
	int state, i;

	for (i = 0; i < 3; i++)
		free(inherited[i]);
	free(child_8009());
	child_8009();
	if (number == 2) {
		pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			grandchild_8011();
			_exit(0);
		}
		REQUIRE(waitpid(pid, &state, 0) == pid && state == 0);
	}
	_exit(number);
}

int main(void)
{
	pid_t pids[3];
	int i, state;

	for (i = 0; i < 3; i++)
		inherited[i] = parent_7001();
	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		REQUIRE(pids[i] >= 0);
		if (pids[i] == 0)
			child(i);
		parent_after_7013();
	}
	for (i = 0; i < 3; i++) {
		REQUIRE(waitpid(pids[i], &state, 0) == pids[i]);
		REQUIRE(WIFEXITED(state) && WEXITSTATUS(state) == i);
	}
	free(inherited[0]);
	return 0;
}
