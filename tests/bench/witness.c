/* SPDX-License-Identifier: MIT */
/*
 * A library preloaded into everything that a benchmark starts, with and without a tracer: as a process exits, it adds a
 * line to the file named by BENCH_WITNESS: peak memory in KiB, user and system seconds, pid, path of the program.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The environment as it was at the start: a program may overwrite it to set its title. */
static char file[PATH_MAX];

/* VmHWM, as ru_maxrss begins with what the process was before exec. */
static long peak_memory(void)
{
	char text[4096], *line;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return 0;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = 0;
	line = strstr(text, "VmHWM:");
	return line ? strtol(line + 6, NULL, 10) : 0;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

__attribute__((constructor)) static void remember(void)
{
	const char *name = getenv("BENCH_WITNESS");

	if (name && strlen(name) < sizeof(file))
		strcpy(file, name);
}

__attribute__((destructor)) static void testify(void)
{
	char program[PATH_MAX], line[PATH_MAX + 128];
	struct rusage usage;
	ssize_t length;
	int fd, size;

	if (!*file)
		return;
	length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[length > 0 ? length : 0] = 0;
	getrusage(RUSAGE_SELF, &usage);
	size = snprintf(line, sizeof(line), "%ld %.6f %.6f %ld %s\n", peak_memory(), seconds(usage.ru_utime),
			seconds(usage.ru_stime), (long)getpid(), program);
	fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	/* In one piece, so that the lines of processes that end together do not mix. */
	if (write(fd, line, (size_t)size) != size)
		fputs("witness: the line is not whole\n", stderr);
	close(fd);
}
