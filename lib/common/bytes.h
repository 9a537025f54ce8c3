/* SPDX-License-Identifier: MIT */
/* Numbers of bytes as people write them. */
#ifndef ALLOT_COMMON_BYTES_H
#define ALLOT_COMMON_BYTES_H

#include <stdint.h>

/*
 * Reads a whole text as a number of bytes: "4096", "512KiB", "512K", "1.5 MiB" by powers of 1024, "500kB", "1MB" by powers
 * of 1000; a fraction has at most six digits and is cut to whole bytes. Returns 0 and *bytes, or -EINVAL.
 */
int allotp_bytes_parse(const char *text, uint64_t *bytes);

#endif
