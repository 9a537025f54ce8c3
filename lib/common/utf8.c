/* SPDX-License-Identifier: MIT */
/* UTF-8, as far as names need it. */
#include "common/utf8.h"

/* Above the last character of Unicode. */
#define STRAY_BYTE UINT32_C(0x110000)

size_t allotp_utf8_length(const char *text)
{
	static const struct {
		unsigned char first, last; /* of the leading byte */
		size_t length;
		unsigned char from, to; /* of the second byte */
	} forms[] = {
		{ 0x01, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t n = 1;

		if (p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (forms[i].length > 1 && (p[1] < forms[i].from || p[1] > forms[i].to))
			return 0;
		for (n = 2; n < forms[i].length; n++)
			if (p[n] < 0x80 || p[n] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

uint32_t allotp_utf8_next(const char *text, const char **next)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t length = allotp_utf8_length(text);
	uint32_t character;

	*next = text + (length ? length : 1);
	if (length < 2)
		return length ? p[0] : STRAY_BYTE + p[0];
	/* a leading byte of n has n ones and a zero before its bits */
	character = p[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++)
		character = character << 6 | (p[i] & 0x3f);
	return character;
}
