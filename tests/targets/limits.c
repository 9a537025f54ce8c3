/* SPDX-License-Identifier: MIT */
/*
 * Work under a limit that the process puts on itself: `limits WHAT [BLOCKS]` with WHAT one of as (address space: as much as
 * it has, and 32 MiB), fsize (no file may grow beyond 4 KiB), mlock (all memory, present and future), data, nofile (no
 * further file). Many blocks from many stacks, so that whatever grows with them must grow. Says "no mlockall" if not allowed.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "target.h"

static int count = 100000;

static void limit(int resource, rlim_t value)
{
	struct rlimit limits = { value, value };

	REQUIRE(setrlimit(resource, &limits) == 0);
}

static rlim_t address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages;

	REQUIRE(file && fscanf(file, "%lu", &pages) == 1);
	fclose(file);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

SITE void left_47(void)
{
	REQUIRE(malloc(47));
}

/* A stack for each number: the way down is its binary digits. */
SITE void one_way(int);
SITE void other_way(int);

SITE void choose(int number)
{
	if (number <= 1)
		left_47();
	else if (number & 1)
		one_way(number >> 1);
	else
		other_way(number >> 1);
}

SITE void one_way(int number)
{
	choose(number);
}

SITE void other_way(int number)
{
	choose(number);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int i;

	if (argc > 2)
		count = atoi(argv[2]);
	if (!strcmp(what, "as")) {
		limit(RLIMIT_AS, address_space() + (32 << 20));
	} else if (!strcmp(what, "fsize")) {
		limit(RLIMIT_FSIZE, 4096);
	} else if (!strcmp(what, "mlock")) {
		if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
			REQUIRE(errno == EPERM || errno == ENOMEM);
			puts("no mlockall");
			return 0;
		}
	} else if (!strcmp(what, "data")) {
		limit(RLIMIT_DATA, 64 << 20);
	} else if (!strcmp(what, "nofile")) {
		limit(RLIMIT_NOFILE, 3);
	} else {
		REQUIRE(!*what);
	}
	for (i = 0; i < count; i++)
		choose(i + 1);
	puts("done");
	return 0;
}
