/* SPDX-License-Identifier: MIT */
/* Untrusted bytes to numbers, strings and columns. */
#include "snapshot/decoder.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct allot_decoder *decoder, int code)
{
	if (!decoder->failed)
		decoder->failed = code;
	decoder->at = decoder->end;
}

static size_t left(const struct allot_decoder *decoder)
{
	return (size_t)(decoder->end - decoder->at);
}

uint64_t allotp_decode_varint(struct allot_decoder *decoder)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; decoder->at < decoder->end; shift += 7) {
		uint8_t byte = *decoder->at++;

		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	fail(decoder, -EBADMSG);
	return 0;
}

static uint64_t unzigzag(uint64_t value)
{
	return value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
}

static char *decode_string(struct allot_decoder *decoder)
{
	uint64_t length = allotp_decode_varint(decoder);
	char *string;

	if (!length)
		return NULL;
	length--;
	if (length > left(decoder) || memchr(decoder->at, '\0', length)) {
		fail(decoder, -EBADMSG);
		return NULL;
	}
	string = malloc(length + 1);
	if (!string) {
		fail(decoder, -ENOMEM);
		return NULL;
	}
	memcpy(string, decoder->at, length);
	string[length] = '\0';
	decoder->at += length;
	return string;
}

uint64_t allotp_decode_count(struct allot_decoder *decoder, size_t item_bytes, uint64_t limit)
{
	uint64_t count = allotp_decode_varint(decoder);

	if (count > limit || count > left(decoder) / item_bytes) {
		fail(decoder, -EBADMSG);
		return 0;
	}
	return count;
}

static void store(struct allot_decoder *decoder, void *field, size_t width, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	if ((width == sizeof(bool) && value > 1) || (width == sizeof(word) && value > UINT32_MAX)) {
		fail(decoder, -EBADMSG);
		return;
	}
	switch (width) {
	case sizeof(bool):
		*(bool *)field = value;
		break;
	case sizeof(word):
		memcpy(field, &word, sizeof(word));
		break;
	default:
		memcpy(field, &value, sizeof(value));
		break;
	}
}

static void store_signed(struct allot_decoder *decoder, int32_t *field, uint64_t value)
{
	if (value + UINT64_C(0x80000000) > UINT32_MAX)
		fail(decoder, -EBADMSG);
	else
		*field = (int32_t)(int64_t)value;
}

static void decode_bytes(struct allot_decoder *decoder, void *field, size_t width)
{
	if (left(decoder) < width) {
		fail(decoder, -EBADMSG);
		return;
	}
	memcpy(field, decoder->at, width);
	decoder->at += width;
}

static void decode_column(struct allot_decoder *decoder, const struct allot_column *column, uint8_t *field,
			  size_t stride, size_t count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count && !decoder->failed; i++, field += stride) {
		switch (column->coding) {
		case ALLOT_CODING_PLAIN:
			store(decoder, field, column->width, allotp_decode_varint(decoder));
			break;
		case ALLOT_CODING_SIGNED:
			store_signed(decoder, (int32_t *)field, unzigzag(allotp_decode_varint(decoder)));
			break;
		case ALLOT_CODING_DELTA:
			value += unzigzag(allotp_decode_varint(decoder));
			store(decoder, field, column->width, value);
			break;
		case ALLOT_CODING_STRING:
			*(char **)field = decode_string(decoder);
			break;
		case ALLOT_CODING_BYTES:
			decode_bytes(decoder, field, column->width);
			break;
		case ALLOT_CODING_REAL:
			decode_bytes(decoder, &value, sizeof(value));
			store(decoder, field, column->width, le64toh(value));
			break;
		}
	}
}

void allotp_decode_columns(struct allot_decoder *decoder, const struct allot_table *table, void *items, size_t count)
{
	/* Of none there is not even a place. */
	for (size_t i = 0; count && i < table->column_count; i++)
		decode_column(decoder, &table->columns[i], (uint8_t *)items + table->columns[i].offset, table->stride,
			      count);
}

static bool has_fixed_width(enum allot_coding coding)
{
	return coding == ALLOT_CODING_BYTES || coding == ALLOT_CODING_REAL;
}

size_t allotp_decode_item_bytes(const struct allot_table *table)
{
	size_t bytes = 0;

	for (size_t i = 0; i < table->column_count; i++)
		bytes += has_fixed_width(table->columns[i].coding) ? table->columns[i].width : 1;
	return bytes;
}
