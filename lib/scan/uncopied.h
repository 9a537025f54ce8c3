/* SPDX-License-Identifier: MIT */
/*
 * Memory that fork does not copy because the program asked for that: MADV_DONTFORK leaves it out, MADV_WIPEONFORK leaves zeroes.
 * A pointer in it keeps a block alive all the same.
 */
#ifndef ALLOT_SCAN_UNCOPIED_H
#define ALLOT_SCAN_UNCOPIED_H

#include <stddef.h>
#include <stdint.h>

#include "scan/roots.h"

/*
 * Fetches it from the program, whose copy the caller is, to the addresses where it is there; not what lies in one of the ranges.
 * The program may go on meanwhile. Returns how many bytes could not be had, where that takes rights the copy has not.
 */
uint64_t allotp_uncopied_fetch(uint32_t program, const struct allot_range *except, size_t count);

#endif
