/* SPDX-License-Identifier: MIT */
/*
 * Reads DWARF's primitive encodings from memory that may hold anything: a read past the end yields 0 and
 * sets `bad`, which stays set, so that one look at the end of a parse is enough.
 */
#ifndef ALLOT_UNWIND_CURSOR_H
#define ALLOT_UNWIND_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Pointer encodings (DW_EH_PE_*): the low four bits are the format, the next three what it is relative to. */
enum {
	ALLOTP_POINTER_ABSOLUTE = 0x00,
	ALLOTP_POINTER_ULEB = 0x01,
	ALLOTP_POINTER_U2 = 0x02,
	ALLOTP_POINTER_U4 = 0x03,
	ALLOTP_POINTER_U8 = 0x04,
	ALLOTP_POINTER_SLEB = 0x09,
	ALLOTP_POINTER_S2 = 0x0a,
	ALLOTP_POINTER_S4 = 0x0b,
	ALLOTP_POINTER_S8 = 0x0c,
	ALLOTP_POINTER_FORMAT = 0x0f,
	ALLOTP_POINTER_PC_RELATIVE = 0x10,
	ALLOTP_POINTER_DATA_RELATIVE = 0x30,
	ALLOTP_POINTER_ALIGNED = 0x50,
	ALLOTP_POINTER_BASE = 0x70,
	ALLOTP_POINTER_INDIRECT = 0x80,
	ALLOTP_POINTER_OMIT = 0xff,
};

struct allotp_cursor {
	const uint8_t *at, *end;
	bool bad;
};

static inline struct allotp_cursor allotp_cursor_make(uint64_t address, uint64_t size)
{
	const uint8_t *at = (const uint8_t *)(uintptr_t)address;

	return (struct allotp_cursor){ .at = at, .end = at + size };
}

static inline bool allotp_cursor_more(const struct allotp_cursor *cursor)
{
	return !cursor->bad && cursor->at < cursor->end;
}

static inline void allotp_cursor_fetch(struct allotp_cursor *cursor, void *out, size_t size)
{
	if (cursor->bad || (size_t)(cursor->end - cursor->at) < size) {
		cursor->bad = true;
		memset(out, 0, size);
		return;
	}
	memcpy(out, cursor->at, size);
	cursor->at += size;
}

static inline void allotp_cursor_skip(struct allotp_cursor *cursor, uint64_t size)
{
	if (cursor->bad || (uint64_t)(cursor->end - cursor->at) < size)
		cursor->bad = true;
	else
		cursor->at += size;
}

#define ALLOTP_CURSOR_FIXED(name, type)                                                                                \
	static inline type allotp_cursor_##name(struct allotp_cursor *cursor)                                          \
	{                                                                                                              \
		type value;                                                                                            \
		allotp_cursor_fetch(cursor, &value, sizeof(value));                                                    \
		return value;                                                                                          \
	}
ALLOTP_CURSOR_FIXED(u1, uint8_t)
ALLOTP_CURSOR_FIXED(u2, uint16_t)
ALLOTP_CURSOR_FIXED(u4, uint32_t)
ALLOTP_CURSOR_FIXED(u8, uint64_t)
ALLOTP_CURSOR_FIXED(s1, int8_t)
ALLOTP_CURSOR_FIXED(s2, int16_t)
ALLOTP_CURSOR_FIXED(s4, int32_t)
#undef ALLOTP_CURSOR_FIXED

/* Bits beyond the 64th are dropped. */
static inline uint64_t allotp_cursor_uleb(struct allotp_cursor *cursor)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = allotp_cursor_u1(cursor);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static inline int64_t allotp_cursor_sleb(struct allotp_cursor *cursor)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = allotp_cursor_u1(cursor);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && (byte & 0x40))
		value |= ~UINT64_C(0) << shift;
	return (int64_t)value;
}

/*
 * An encoded pointer; data is what data-relative ones are relative to. Indirect ones are not followed: they
 * don't occur where this is used, so they are an error here.
 */
static inline uint64_t allotp_cursor_pointer(struct allotp_cursor *cursor, uint8_t encoding, uint64_t data)
{
	uint64_t place, value;

	if ((encoding & ALLOTP_POINTER_BASE) == ALLOTP_POINTER_ALIGNED)
		allotp_cursor_skip(cursor, -(uintptr_t)cursor->at & 7);
	place = (uintptr_t)cursor->at;
	switch (encoding & ALLOTP_POINTER_FORMAT) {
	case ALLOTP_POINTER_ABSOLUTE:
	case ALLOTP_POINTER_U8:
	case ALLOTP_POINTER_S8:
		value = allotp_cursor_u8(cursor);
		break;
	case ALLOTP_POINTER_ULEB:
		value = allotp_cursor_uleb(cursor);
		break;
	case ALLOTP_POINTER_SLEB:
		value = (uint64_t)allotp_cursor_sleb(cursor);
		break;
	case ALLOTP_POINTER_U2:
		value = allotp_cursor_u2(cursor);
		break;
	case ALLOTP_POINTER_S2:
		value = (uint64_t)allotp_cursor_s2(cursor);
		break;
	case ALLOTP_POINTER_U4:
		value = allotp_cursor_u4(cursor);
		break;
	case ALLOTP_POINTER_S4:
		value = (uint64_t)allotp_cursor_s4(cursor);
		break;
	default:
		cursor->bad = true;
		return 0;
	}
	switch (encoding & (ALLOTP_POINTER_BASE | ALLOTP_POINTER_INDIRECT)) {
	case 0:
	case ALLOTP_POINTER_ALIGNED:
		return value;
	case ALLOTP_POINTER_PC_RELATIVE:
		return place + value;
	case ALLOTP_POINTER_DATA_RELATIVE:
		return data + value;
	default:
		cursor->bad = true;
		return 0;
	}
}

#endif
