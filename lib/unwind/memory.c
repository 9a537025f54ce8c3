/* SPDX-License-Identifier: MIT */
/* Keeps the readable extents around the stack of a walk, and probes pages that are in none of them. */
#include "unwind/memory.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An extent grows by probing every page on the way, up to this distance; farther pages get an extent of their own. */
#define REACH (UINT64_C(1) << 20)

/* No process has memory at the very end: no range that is checked here wraps around. */
#define TOP (UINT64_MAX - 2 * REACH)

static uint64_t page_of(uint64_t address)
{
	return address & ~(ALLOTP_PAGE - 1);
}

bool allotp_memory_probe(uint64_t address)
{
	/*
	 * rt_sigprocmask copies the set in before it looks at `how`, and refuses this `how`: EFAULT says that the
	 * memory can't be read, EINVAL that it can, and nothing is changed. Unlike process_vm_readv it is in no
	 * seccomp filter.
	 */
	int saved = errno;
	bool readable = syscall(SYS_rt_sigprocmask, ~0L, address & ~UINT64_C(7), NULL, sizeof(uint64_t)) == -1 &&
			errno == EINVAL;

	errno = saved;
	return readable;
}

/* Moves the end of the extent up to `high`, a page's end, or to the first page that can't be read. */
static bool grow_up(struct allotp_extent *extent, uint64_t high)
{
	while (extent->high < high) {
		if (!allotp_memory_probe(extent->high))
			return false;
		extent->high += ALLOTP_PAGE;
	}
	return true;
}

static bool grow_down(struct allotp_extent *extent, uint64_t low)
{
	while (extent->low > low) {
		if (!allotp_memory_probe(extent->low - ALLOTP_PAGE))
			return false;
		extent->low -= ALLOTP_PAGE;
	}
	return true;
}

/* Puts the current extent away among the known ones, in the place of the one it came from if it is there. */
static void keep_current(struct allotp_memory *memory)
{
	if (memory->current.high == 0)
		return;
	for (unsigned i = 0; i < ALLOTP_EXTENTS; i++) {
		struct allotp_extent *known = &memory->known[i];

		if (known->low < memory->current.high && memory->current.low < known->high) {
			*known = memory->current;
			return;
		}
	}
	memory->known[memory->next] = memory->current;
	memory->next = (memory->next + 1) % ALLOTP_EXTENTS;
}

/* The current extent shall hold [address, address + size), a few bytes only; the way there is not assumed readable. */
static bool cover(struct allotp_memory *memory, uint64_t address, uint64_t size)
{
	uint64_t low = page_of(address), high = page_of(address + size - 1) + ALLOTP_PAGE;
	struct allotp_extent fresh;

	for (unsigned i = 0; i < ALLOTP_EXTENTS; i++) {
		struct allotp_extent known = memory->known[i];

		/* Stacks grow: what is a little below or above a known extent probably belongs to it. */
		if (known.high != 0 && low < known.high + REACH && high + REACH > known.low && grow_up(&known, high) &&
		    grow_down(&known, low)) {
			keep_current(memory);
			memory->current = known;
			return true;
		}
	}
	fresh = (struct allotp_extent){ .low = low, .high = low };
	if (!grow_up(&fresh, high))
		return false;
	keep_current(memory);
	memory->current = fresh;
	return true;
}

bool allotp_memory_reach(struct allotp_memory *memory, uint64_t address, uint64_t size)
{
	uint64_t low = page_of(address), high;

	if (allotp_extent_holds(&memory->current, address, size))
		return true;
	if (address > TOP || size > ALLOTP_PAGE)
		return false;
	high = page_of(address + size - 1) + ALLOTP_PAGE;
	if (memory->current.high != 0 && low < memory->current.high + REACH && high + REACH > memory->current.low &&
	    grow_up(&memory->current, high) && grow_down(&memory->current, low))
		return true;
	return cover(memory, address, size);
}
