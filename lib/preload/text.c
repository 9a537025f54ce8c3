/* SPDX-License-Identifier: MIT */
/* Text in a buffer. */
#include "preload/text.h"

#include <string.h>

struct allot_text allotp_text_begin(char *buffer, size_t size)
{
	buffer[0] = 0;
	return (struct allot_text){ .at = buffer, .end = buffer + size - 1 };
}

void allotp_text_add(struct allot_text *text, const char *string)
{
	size_t size = strnlen(string, (size_t)(text->end - text->at));

	memcpy(text->at, string, size);
	text->at += size;
	*text->at = 0;
}

static void add_digits(struct allot_text *text, uint64_t number, unsigned base)
{
	char digits[24];
	size_t i = sizeof(digits) - 1;

	digits[i] = 0;
	do {
		digits[--i] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	allotp_text_add(text, digits + i);
}

void allotp_text_number(struct allot_text *text, uint64_t number)
{
	add_digits(text, number, 10);
}

void allotp_text_address(struct allot_text *text, uint64_t address)
{
	allotp_text_add(text, "0x");
	add_digits(text, address, 16);
}

void allotp_text_count(struct allot_text *text, uint64_t count, const char *what)
{
	allotp_text_number(text, count);
	allotp_text_add(text, " ");
	allotp_text_add(text, what);
	if (count != 1)
		allotp_text_add(text, "s");
}
