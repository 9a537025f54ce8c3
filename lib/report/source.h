/* SPDX-License-Identifier: MIT */
/* Lines of source files, for text reports. */
#ifndef ALLOT_REPORT_SOURCE_H
#define ALLOT_REPORT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Line number `line` of a file without the blanks around it, malloc'ed; NULL if it can't be had or is blank. The name
 * comes from a snapshot and may be anything: only regular files are read. *newer tells that the file was
 * changed after `since_ns` (CLOCK_REALTIME; 0: not known), so the line may be another one by now.
 */
char *allotp_source_line(const char *file, uint32_t line, uint64_t since_ns, bool *newer);

#endif
