/* SPDX-License-Identifier: MIT */
/* Days of the calendar as one number that can be compared: 20270131. */
#ifndef ALLOT_GATE_DATE_H
#define ALLOT_GATE_DATE_H

#include <stdint.h>

/* Reads "2027-01-31". Returns 0 and *date, or -EINVAL if it is no such day. */
int allotp_date_parse(const char *text, uint32_t *date);

/* The day it is, in UTC, so that it is the same on each machine. */
uint32_t allotp_date_today(void);

struct allot_date_text {
	char text[16];
};

/* "2027-01-31" */
struct allot_date_text allotp_date_text(uint32_t date);

#endif
