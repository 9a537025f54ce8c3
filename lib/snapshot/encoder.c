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

/* Of 64 bits, in sevens. */
enum { VARINT_MOST = 10 };

uint8_t *allotp_encode_room(struct allot_encoder *encoder, size_t varints)
{
	return reserve(encoder, varints * VARINT_MOST) ? encoder->data + encoder->size : NULL;
}

void allotp_encode_to(struct allot_encoder *encoder, const uint8_t *end)
{
	encoder->size = (size_t)(end - encoder->data);
}

void allotp_encode_varint(struct allot_encoder *encoder, uint64_t value)
{
	uint8_t *at = allotp_encode_room(encoder, 1);

	if (at)
		allotp_encode_to(encoder, allotp_encode_put(at, value));
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

static inline uint64_t load(const void *field, size_t width)
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

/* The number that stands for a field; previous is that of the same field in the struct before. */
static inline uint64_t number(enum allot_coding coding, uint64_t value, uint64_t *previous)
{
	uint64_t before = *previous;

	switch (coding) {
	case ALLOT_CODING_SIGNED:
		return zigzag((uint64_t)(int32_t)value);
	case ALLOT_CODING_DELTA:
		*previous = value;
		return zigzag(value - before);
	default:
		return value;
	}
}

/* Inlined for each coding and width: most of a snapshot is numbers. */
__attribute__((always_inline)) static inline void encode_numbers(struct allot_encoder *encoder,
								 enum allot_coding coding, size_t width,
								 const uint8_t *field, size_t stride, size_t count)
{
	uint64_t previous = 0;

	while (count) {
		size_t many = count < ALLOT_ENCODE_MANY ? count : ALLOT_ENCODE_MANY;
		uint8_t *at = allotp_encode_room(encoder, many);

		if (!at)
			return;
		for (size_t i = 0; i < many; i++, field += stride)
			at = allotp_encode_put(at, number(coding, load(field, width), &previous));
		allotp_encode_to(encoder, at);
		count -= many;
	}
}

static void encode_column(struct allot_encoder *encoder, const struct allot_column *column, const uint8_t *field,
			  size_t stride, size_t count)
{
	switch (column->coding) {
	case ALLOT_CODING_PLAIN:
		if (column->width == sizeof(uint64_t))
			encode_numbers(encoder, ALLOT_CODING_PLAIN, sizeof(uint64_t), field, stride, count);
		else
			encode_numbers(encoder, ALLOT_CODING_PLAIN, column->width, field, stride, count);
		break;
	case ALLOT_CODING_SIGNED:
		encode_numbers(encoder, ALLOT_CODING_SIGNED, column->width, field, stride, count);
		break;
	case ALLOT_CODING_DELTA:
		encode_numbers(encoder, ALLOT_CODING_DELTA, column->width, field, stride, count);
		break;
	case ALLOT_CODING_STRING:
		for (size_t i = 0; i < count; i++, field += stride)
			allotp_encode_string(encoder, *(char *const *)(const void *)field);
		break;
	case ALLOT_CODING_BYTES:
		for (size_t i = 0; i < count; i++, field += stride)
			append(encoder, field, column->width);
		break;
	case ALLOT_CODING_REAL:
		for (size_t i = 0; i < count; i++, field += stride) {
			uint64_t value = htole64(load(field, column->width));

			append(encoder, &value, sizeof(value));
		}
		break;
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
