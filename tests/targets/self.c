/* SPDX-License-Identifier: MIT */
/*
 * What a program can see of itself, after some work: the number of its threads, the signals it handles, blocks and ignores,
 * its open files, its timers, its children, its environment. Traced or not, the same lines.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

extern char **environ;

SITE void work_1433(void)
{
	free(malloc(1433));
}

static int entries(const char *path)
{
	DIR *folder = opendir(path);
	int count = 0;

	REQUIRE(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

static void print_status(void)
{
	static const char *const fields[] = { "Threads:", "SigBlk:", "SigIgn:", "SigCgt:", "NoNewPrivs:", "Seccomp:" };
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	size_t i;

	REQUIRE(file);
	while (fgets(line, sizeof line, file))
		for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
			if (!strncmp(line, fields[i], strlen(fields[i])))
				fputs(line, stdout);
	fclose(file);
}

static void print_files(void)
{
	char path[64], target[256];
	ssize_t length;
	int fd;

	for (fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof target - 1);
		if (length < 0)
			continue;
		target[length] = 0;
		/* What the test redirects has another name each time. */
		printf("fd %d %s\n", fd, fd < 3 ? "" : target);
	}
}

int main(void)
{
	char **variable;
	int i;

	for (i = 0; i < 100000; i++)
		work_1433();
	printf("tasks %d\n", entries("/proc/self/task"));
	print_status();
	print_files();
	REQUIRE(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	printf("alarm %u\n", alarm(0));
	for (variable = environ; *variable; variable++)
		puts(*variable);
	return 0;
}
