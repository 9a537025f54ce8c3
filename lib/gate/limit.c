/* SPDX-License-Identifier: MIT */
/* One limit of a budget, absolute or relative to a baseline. */
#include "gate/limit.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

/* By chance alone an estimate is this many standard errors too high once in 740 times. */
enum { STANDARD_ERRORS = 3 };

/* Digits, which may have a fraction. Not strtod, which goes by the locale. */
static int parse_decimal(const char *text, double *value)
{
	double number = 0, unit = 1;
	const char *p = text;

	for (; isdigit((unsigned char)*p); p++)
		number = number * 10 + (*p - '0');
	if (p == text)
		return -EINVAL;
	if (*p == '.') {
		if (!isdigit((unsigned char)p[1]))
			return -EINVAL;
		for (p++; isdigit((unsigned char)*p); p++)
			number += (*p - '0') * (unit /= 10);
	}
	if (*p)
		return -EINVAL;
	*value = number;
	return 0;
}

static int parse_blocks(const char *text, uint64_t *blocks)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*blocks = strtoull(text, &end, 10);
	return *end || errno ? -EINVAL : 0;
}

static int parse_amount(const struct allot_limit *limit, const char *text, uint64_t *amount)
{
	return limit->blocks ? parse_blocks(text, amount) : allotp_bytes_parse(text, amount);
}

/* One of the terms of a limit, without its sign. */
struct terms {
	bool has_percent, has_amount;
};

static int parse_term(struct allot_limit *limit, struct terms *terms, char *text)
{
	size_t length = strlen(text);

	while (length && text[length - 1] == ' ')
		text[--length] = '\0';
	if (length && text[length - 1] == '%') {
		text[length - 1] = '\0';
		if (terms->has_percent)
			return -EINVAL;
		terms->has_percent = true;
		return parse_decimal(text, &limit->percent);
	}
	if (terms->has_amount)
		return -EINVAL;
	terms->has_amount = true;
	return parse_amount(limit, text, &limit->most);
}

static int parse_relative(struct allot_limit *limit, char *text)
{
	struct terms terms = { false, false };
	char *next;

	for (char *term = text; term; term = next) {
		int rc;

		next = strchr(term, '+');
		if (next)
			*next++ = '\0';
		rc = parse_term(limit, &terms, term + strspn(term, " "));
		if (rc < 0)
			return rc;
	}
	return 0;
}

int allotp_limit_parse(struct allot_limit *limit, const char *text)
{
	struct allot_limit result = { .blocks = limit->blocks };
	char *copy = strdup(text);
	int rc;

	if (!copy)
		return -ENOMEM;
	if (*copy == '+') {
		result.relative = true;
		rc = parse_relative(&result, copy + 1);
	} else if (strchr(copy, '%') && !strchr(copy, '+')) {
		result.relative = true;
		rc = parse_relative(&result, copy);
		result.percent -= 100;
	} else {
		rc = parse_amount(&result, copy, &result.most);
	}
	free(copy);
	if (rc < 0)
		return rc;
	limit->relative = result.relative;
	limit->percent = result.percent;
	limit->most = result.most;
	return 0;
}

uint64_t allotp_limit_allowed(const struct allot_limit *limit, struct allot_count before)
{
	uint64_t base = limit->blocks ? before.blocks : before.bytes, sum;
	double allowed;

	if (!limit->relative)
		return limit->most;
	/* Without a percentage it is exact for numbers that a double is not. */
	if (limit->percent == 0)
		return __builtin_add_overflow(base, limit->most, &sum) ? UINT64_MAX : sum;
	allowed = floor((double)base * (100 + limit->percent) / 100) + (double)limit->most;
	return allowed >= 0x1p64 ? UINT64_MAX : (uint64_t)allowed;
}

bool allotp_limit_holds(const struct allot_limit *limit, struct allot_count count, struct allot_count before,
			struct allot_variance variance)
{
	uint64_t value = limit->blocks ? count.blocks : count.bytes, allowed = allotp_limit_allowed(limit, before);
	double error = sqrt(limit->blocks ? variance.blocks : variance.bytes);

	return value <= allowed || (double)(value - allowed) <= STANDARD_ERRORS * error;
}
