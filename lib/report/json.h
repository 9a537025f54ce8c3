/* SPDX-License-Identifier: MIT */
/* JSON values of what a snapshot holds. They return NULL when out of memory. */
#ifndef ALLOT_REPORT_JSON_H
#define ALLOT_REPORT_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct allot_group;
struct allot_report;

/* Exact up to 2^63 - 1, where it stops. */
json_t *allotp_json_number(uint64_t value);

/* A string; null for NULL. A path or a name may be any bytes: those that are not UTF-8 become U+FFFD. */
json_t *allotp_json_string(const char *text);

/*
 * Writes a value without blanks; flags are json_dumpf's. Returns 0 or -ENOMEM, also for NULL. What the stream could not
 * take shows in ferror().
 */
int allotp_json_write(FILE *out, const json_t *value, size_t flags);

/* Appends the frames of a group's stack to the array. Returns 0 or -ENOMEM. */
int allotp_json_frames(const struct allot_report *report, const struct allot_group *group, json_t *array);

#endif
