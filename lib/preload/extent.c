/* SPDX-License-Identifier: MIT */
/* The mapping that a thread's own stack is, by /proc/self/maps: libc, which knows it, would allocate to tell. */
#include "preload/extent.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "common/sys.h"
#include "preload/state.h"

/* The stack of the program's first thread grows, to no more than this at the most. */
static const uintptr_t growth_most = (uintptr_t)1 << 30;

/* A range of /proc/self/maps: "low-high ", in hexadecimal; state is what the next digit belongs to. */
struct parser {
	uintptr_t range[2];
	enum { LOW, HIGH, REST } state;
};

/* Whether the line's range is complete with this character. */
static bool parse(struct parser *parser, char c)
{
	if (c == '\n') {
		*parser = (struct parser){ .state = LOW };
	} else if (parser->state == REST) {
		return false;
	} else if (c == '-') {
		parser->state = HIGH;
	} else if (c == ' ') {
		parser->state = REST;
		return true;
	} else {
		uintptr_t *bound = &parser->range[parser->state];

		*bound = *bound << 4 | (uintptr_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return false;
}

/* The mapping that holds an address; left alone if there is none. */
static void find_mapping(uintptr_t address, struct allot_stack_extent *extent)
{
	int fd = allotp_sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	struct parser parser = { .state = LOW };
	char buffer[512]; /* small: the stack may be */
	long got;

	if (fd < 0)
		return;
	while ((got = allotp_sys_read(fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < got; i++) {
			if (!parse(&parser, buffer[i]) || address < parser.range[0] || address >= parser.range[1])
				continue;
			extent->low = parser.range[0];
			extent->high = parser.range[1];
			allotp_sys_close(fd);
			return;
		}
	}
	allotp_sys_close(fd);
}

/*
 * What is at the upper end of a thread's stack: its descriptor; for the first thread, what the kernel has put there. In a
 * forked child of another thread that finds no frames, and nothing is taken for gone.
 */
static void look_up(struct allot_stack_extent *extent)
{
	bool first = allotp_sys_gettid() == allotp_sys_getpid();
	struct rlimit limit;

	extent->high = 1;
	find_mapping(first ? getauxval(AT_RANDOM) : (uintptr_t)pthread_self(), extent);
	if (!first || extent->high == 1)
		return;
	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur > growth_most)
		limit.rlim_cur = growth_most;
	if (extent->high - extent->low < limit.rlim_cur)
		extent->low = extent->high - limit.rlim_cur;
}

bool allotp_extent_holds(struct allot_stack_extent *extent, uintptr_t a, uintptr_t b)
{
	if (!extent->high && !allotp_state.store.quiet)
		look_up(extent);
	return a >= extent->low && a < extent->high && b >= extent->low && b < extent->high;
}
