/* SPDX-License-Identifier: MIT */
/* Numbers, strings and columns to bytes. */
#include "snapshot/encoder.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct allot_encoder *encoder, size_t bytes)
{
	size_t capacity = encoder->capacity ? encoder->capacity : 4096;
	uint8_t *data;

	if (encoder->failed)
		return false;
	if (bytes <= encoder->capacity - encoder->size)
		return true;
	while (capacity - encoder->size < bytes && capacity <= SIZE_MAX / 2)
		capacity *= 2;
	data = capacity - encoder->size < bytes ? NULL : realloc(encoder->data, capacity);
	if (!data) {
		encoder->failed = true;
		return false;
	}
	encoder->data = data;
	encoder->capacity = capacity;
	return true;
}

static void append(struct allot_encoder *encoder, const void *bytes, size_t size)
{
	if (!size || !reserve(encoder, size))
		return;
	memcpy(encoder->data + encoder->size, bytes, size);
	encoder->size += size;
}

void allotp_encode_varint(struct allot_encoder *encoder, uint64_t value)
{
	if (!reserve(encoder, 10))
		return;
	while (value >= 0x80) {
		encoder->data[encoder->size++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	encoder->data[encoder->size++] = (uint8_t)value;
}

/* Small negative numbers become small positive ones: 0, -1, 1, -2 … are 0, 1, 2, 3 … */
static uint64_t zigzag(uint64_t value)
{
	return value << 1 ^ (value >> 63 ? UINT64_MAX : 0);
}

void allotp_encode_string(struct allot_encoder *encoder, const char *string)
{
	size_t length = string ? strlen(string) : 0;

	allotp_encode_varint(encoder, string ? (uint64_t)length + 1 : 0);
	append(encoder, string, length);
}

size_t allotp_encode_begin(struct allot_encoder *encoder, uint32_t tag)
{
	size_t begin = encoder->size;
	uint32_t little = htole32(tag);
	uint64_t length = 0;

	append(encoder, &little, sizeof(little));
	append(encoder, &length, sizeof(length));
	return begin;
}

void allotp_encode_end(struct allot_encoder *encoder, size_t begin)
{
	size_t head = sizeof(uint32_t) + sizeof(uint64_t);
	uint64_t length;

	if (encoder->failed)
		return;
	length = htole64(encoder->size - begin - head);
	memcpy(encoder->data + begin + sizeof(uint32_t), &length, sizeof(length));
}

static uint64_t load(const void *field, size_t width)
{
	uint32_t word;
	uint64_t value;

	switch (width) {
	case sizeof(bool):
		return *(const bool *)field;
	case sizeof(word):
		memcpy(&word, field, sizeof(word));
		return word;
	default:
		memcpy(&value, field, sizeof(value));
		return value;
	}
}

static void encode_column(struct allot_encoder *encoder, const struct allot_column *column, const uint8_t *field,
			  size_t stride, size_t count)
{
	uint64_t previous = 0;

	for (size_t i = 0; i < count; i++, field += stride) {
		uint64_t value;

		switch (column->coding) {
		case ALLOT_CODING_PLAIN:
			allotp_encode_varint(encoder, load(field, column->width));
			break;
		case ALLOT_CODING_SIGNED:
			allotp_encode_varint(encoder, zigzag((uint64_t)(int32_t)load(field, column->width)));
			break;
		case ALLOT_CODING_DELTA:
			value = load(field, column->width);
			allotp_encode_varint(encoder, zigzag(value - previous));
			previous = value;
			break;
		case ALLOT_CODING_STRING:
			allotp_encode_string(encoder, *(char *const *)field);
			break;
		case ALLOT_CODING_BYTES:
			append(encoder, field, column->width);
			break;
		case ALLOT_CODING_REAL:
			value = htole64(load(field, column->width));
			append(encoder, &value, sizeof(value));
			break;
		}
	}
}

void allotp_encode_columns(struct allot_encoder *encoder, const struct allot_table *table, const void *items,
			   size_t count)
{
	if (!count)
		return;
	for (size_t i = 0; i < table->column_count; i++)
		encode_column(encoder, &table->columns[i], (const uint8_t *)items + table->columns[i].offset,
			      table->stride, count);
}
