/* SPDX-License-Identifier: MIT */
/* Days of the calendar as one number that can be compared: 20270131. */
#include "gate/date.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint32_t days_of(uint32_t year, uint32_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

int allotp_date_parse(const char *text, uint32_t *date)
{
	static const char shape[] = "dddd-dd-dd";
	uint32_t year, month, day;

	if (strlen(text) != strlen(shape))
		return -EINVAL;
	for (size_t i = 0; i < strlen(shape); i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return -EINVAL;
	year = (uint32_t)strtoul(text, NULL, 10);
	month = (uint32_t)strtoul(text + strlen("dddd-"), NULL, 10);
	day = (uint32_t)strtoul(text + strlen("dddd-dd-"), NULL, 10);
	if (month < 1 || month > 12 || day < 1 || day > days_of(year, month))
		return -EINVAL;
	*date = year * 10000 + month * 100 + day;
	return 0;
}

uint32_t allotp_date_today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	return ((uint32_t)tm.tm_year + 1900) * 10000 + ((uint32_t)tm.tm_mon + 1) * 100 + (uint32_t)tm.tm_mday;
}

struct allot_date_text allotp_date_text(uint32_t date)
{
	struct allot_date_text text;

	snprintf(text.text, sizeof(text.text), "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32, date / 10000 % 10000,
		 date / 100 % 100, date % 100);
	return text;
}
