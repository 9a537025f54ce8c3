/* SPDX-License-Identifier: MIT */
/*
 * The reference unwinder, libunwind: what walks are verified against, and all there is on processors without a walker
 * of their own. It is loaded at run time and out of sight of the program: linked in, its _Unwind_* functions would take
 * the place of libgcc's in C++ programs.
 */
#ifndef ALLOT_UNWIND_REFERENCE_H
#define ALLOT_UNWIND_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Loads it. Once, outside of any hook: it allocates and takes the loader's lock. Returns 0, or -ENOENT if libunwind
 * is not installed.
 */
int allotp_reference_open(void);

/* Frames inside of `from`, which take their place in the buffer too, before they are left out: at most so many. */
#define ALLOTP_REFERENCE_OWN 16

/*
 * The return addresses of the stack, from the frame that is at `from` (a return address, as in struct allot_walk_start)
 * outwards, at most size of them. Returns how many; 0 if there is no such frame or the reference is not open. Takes the
 * loader's lock, and several microseconds for each call; errno stays.
 */
size_t allotp_reference_backtrace(uint64_t from, void **buffer, size_t size);

#endif
