/* SPDX-License-Identifier: MIT */
/* Reads .eh_frame_hdr and the entries of .eh_frame. */
#include "unwind/fde.h"

#include "unwind/registers.h"

#include <errno.h>

/* Longer entries are taken for damage: a function with a million changes of its frame has not been seen. */
#define ENTRY_MAX (UINT64_C(4) << 20)
#define SCAN_MAX (UINT64_C(1) << 22)    /* entries read in a file without a search table */
#define SECTION_MAX (UINT64_C(1) << 30) /* bytes of a section whose size is not told */

/* The usual search table: sorted pairs of (code, FDE), both relative to .eh_frame_hdr, four bytes each. */
#define TABLE_ENCODING (ALLOTP_POINTER_DATA_RELATIVE | ALLOTP_POINTER_S4)

struct entry {
	uint64_t address; /* of its length field */
	uint64_t id;      /* address of the id field; an FDE's CIE pointer is relative to this */
	uint64_t size;    /* from id on */
	uint64_t value;   /* 0: a CIE; else, how far before `id` this FDE's CIE is */
	uint64_t next;    /* where the next entry starts */
};

/* Returns 0, -ENOENT at the entry that ends the section, or -EBADMSG. */
static int read_entry(const struct allotp_object *object, uint64_t address, struct entry *out)
{
	struct allotp_cursor cursor;
	uint64_t length, start;

	if (!allotp_object_readable(object, address, 4))
		return -EBADMSG;
	cursor = allotp_cursor_make(address, 4);
	length = allotp_cursor_u4(&cursor);
	start = address + 4;
	if (length == 0)
		return -ENOENT;
	if (length == UINT32_MAX) {
		if (!allotp_object_readable(object, start, 8))
			return -EBADMSG;
		cursor = allotp_cursor_make(start, 8);
		length = allotp_cursor_u8(&cursor);
		start += 8;
	}
	/* In .eh_frame, unlike .debug_frame, the id has four bytes in either case. */
	if (length < 4 || length > ENTRY_MAX || !allotp_object_readable(object, start, length))
		return -EBADMSG;
	cursor = allotp_cursor_make(start, 4);
	*out = (struct entry){ .address = address, .id = start, .size = length, .next = start + length };
	out->value = allotp_cursor_u4(&cursor);
	return 0;
}

/* Goes over the letters after 'z' and over the data they stand for. */
static bool read_augmentation(struct allotp_cursor *cursor, const uint8_t *letters, struct allotp_fde *fde)
{
	uint64_t size = allotp_cursor_uleb(cursor);
	struct allotp_cursor data = *cursor;
	uint8_t encoding;

	allotp_cursor_skip(cursor, size);
	if (cursor->bad)
		return false;
	data.end = cursor->at;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			fde->pointer_encoding = allotp_cursor_u1(&data);
			break;
		case 'L':
			allotp_cursor_u1(&data);
			break;
		case 'P': /* the personality routine: only to be skipped, so what it is relative to is all the same */
			encoding = allotp_cursor_u1(&data);
			if (encoding != ALLOTP_POINTER_OMIT)
				allotp_cursor_pointer(&data, encoding & ~ALLOTP_POINTER_INDIRECT, 0);
			break;
		case 'S':
			fde->signal = true;
			break;
		case 'B': /* arm64: which key signs return addresses */
		case 'G': /* arm64: the stack is tagged */
			break;
		default:
			return false;
		}
	}
	return !data.bad;
}

/* Fills in what the CIE says; tells whether the FDEs have augmentation data to be skipped. */
static int read_cie(const struct allotp_object *object, uint64_t address, struct allotp_fde *fde, bool *sized)
{
	const uint8_t *letters;
	struct allotp_cursor cursor;
	struct entry entry;
	uint64_t column;
	uint8_t version;

	if (read_entry(object, address, &entry) != 0 || entry.value != 0)
		return -EBADMSG;
	cursor = allotp_cursor_make(entry.id, entry.size);
	allotp_cursor_skip(&cursor, 4);
	version = allotp_cursor_u1(&cursor);
	if (version != 1 && version != 3 && version != 4)
		return -EBADMSG;
	letters = cursor.at;
	while (allotp_cursor_u1(&cursor) != 0)
		;
	if (version == 4 && (allotp_cursor_u1(&cursor) != sizeof(void *) || allotp_cursor_u1(&cursor) != 0))
		return -EBADMSG;
	fde->code_alignment = allotp_cursor_uleb(&cursor);
	fde->data_alignment = allotp_cursor_sleb(&cursor);
	column = version == 1 ? allotp_cursor_u1(&cursor) : allotp_cursor_uleb(&cursor);
	if (cursor.bad || column != ALLOTP_REGISTER_RA)
		return -EBADMSG;
	fde->pointer_encoding = ALLOTP_POINTER_ABSOLUTE;
	fde->signal = false;
	*sized = letters[0] == 'z';
	if (*sized ? !read_augmentation(&cursor, letters + 1, fde) : letters[0] != 0)
		return -EBADMSG;
	fde->initial = cursor;
	return 0;
}

/* Reads the FDE and its CIE. */
static int read_any_fde(const struct allotp_object *object, const struct entry *entry, struct allotp_fde *out)
{
	struct allotp_fde fde;
	struct allotp_cursor cursor;
	bool sized;

	if (entry->value == 0 || entry->value > entry->id || read_cie(object, entry->id - entry->value, &fde, &sized))
		return -EBADMSG;
	cursor = allotp_cursor_make(entry->id, entry->size);
	allotp_cursor_skip(&cursor, 4);
	fde.start = allotp_cursor_pointer(&cursor, fde.pointer_encoding, 0);
	/* The size of the code is never relative to anything. */
	fde.end = fde.start + allotp_cursor_pointer(&cursor, fde.pointer_encoding & ALLOTP_POINTER_FORMAT, 0);
	if (sized)
		allotp_cursor_skip(&cursor, allotp_cursor_uleb(&cursor));
	if (cursor.bad)
		return -EBADMSG;
	fde.program = cursor;
	*out = fde;
	return 0;
}

/* Returns -ENOENT if it is not the one for pc. */
static int read_fde(const struct allotp_object *object, const struct entry *entry, uint64_t pc, struct allotp_fde *out)
{
	struct allotp_fde fde;
	int error = read_any_fde(object, entry, &fde);

	if (error)
		return error;
	if (pc < fde.start || pc >= fde.end)
		return -ENOENT;
	*out = fde;
	return 0;
}

/* Binary search for the last pair whose code starts at or before pc. */
static int search_table(const struct allotp_object *object, uint64_t table, uint64_t count, uint64_t pc,
			struct allotp_fde *out)
{
	uint64_t low = 0, high = count;
	struct allotp_cursor pair;
	struct entry entry;
	int error;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (!allotp_object_readable(object, table + 8 * middle, 8))
			return -EBADMSG;
		pair = allotp_cursor_make(table + 8 * middle, 8);
		if (object->eh_frame_hdr + (uint64_t)allotp_cursor_s4(&pair) <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return -ENOENT;
	/* May be a pair that the search never looked at. */
	if (!allotp_object_readable(object, table + 8 * (low - 1), 8))
		return -EBADMSG;
	pair = allotp_cursor_make(table + 8 * (low - 1), 8);
	allotp_cursor_skip(&pair, 4);
	error = read_entry(object, object->eh_frame_hdr + (uint64_t)allotp_cursor_s4(&pair), &entry);
	return error ? -EBADMSG : read_fde(object, &entry, pc, out);
}

static int scan(const struct allotp_object *object, uint64_t address, uint64_t pc, struct allotp_fde *out)
{
	struct entry entry;
	int error;

	for (uint64_t i = 0; i < SCAN_MAX; i++) {
		error = read_entry(object, address, &entry);
		if (error)
			return error;
		if (entry.value != 0) {
			error = read_fde(object, &entry, pc, out);
			/* One entry of an unknown kind does not spoil the others. */
			if (error == 0)
				return 0;
		}
		address = entry.next;
	}
	return -EBADMSG;
}

int allotp_fde_extent(uint64_t address, struct allotp_fde_extent *out)
{
	/* How far it goes is not known before it is read; each page of it is probed. */
	const struct allotp_object object = { .start = address, .end = address + SECTION_MAX };
	struct allotp_fde_extent extent = { .code = UINT64_MAX };
	uint64_t at = address;
	struct allotp_fde fde;
	struct entry entry;
	int error = 0;

	for (uint64_t i = 0; i < SCAN_MAX && error == 0; i++) {
		error = read_entry(&object, at, &entry);
		if (error)
			break;
		if (entry.value != 0 && read_any_fde(&object, &entry, &fde) == 0 && fde.start < fde.end) {
			extent.code = fde.start < extent.code ? fde.start : extent.code;
			extent.code_end = fde.end > extent.code_end ? fde.end : extent.code_end;
		}
		at = entry.next;
	}
	if (error != -ENOENT)
		return -EBADMSG;
	if (extent.code_end == 0)
		return -ENOENT;
	extent.end = at + 4;
	*out = extent;
	return 0;
}

int allotp_fde_find(const struct allotp_object *object, uint64_t pc, struct allotp_fde *out)
{
	uint64_t header = object->eh_frame_hdr, frames, count = 0;
	uint8_t version, frames_encoding, count_encoding, table_encoding;
	struct allotp_cursor cursor;
	uint64_t size = 32; /* the four bytes and two pointers at most; a file that ends before has less */

	if (object->eh_frame != 0)
		return scan(object, object->eh_frame, pc, out);
	if (header == 0)
		return -ENOENT;
	while (size > 8 && !allotp_object_readable(object, header, size))
		size -= 4;
	if (!allotp_object_readable(object, header, size))
		return -EBADMSG;
	cursor = allotp_cursor_make(header, size);
	version = allotp_cursor_u1(&cursor);
	frames_encoding = allotp_cursor_u1(&cursor);
	count_encoding = allotp_cursor_u1(&cursor);
	table_encoding = allotp_cursor_u1(&cursor);
	if (version != 1 || frames_encoding == ALLOTP_POINTER_OMIT)
		return -EBADMSG;
	frames = allotp_cursor_pointer(&cursor, frames_encoding, header);
	if (count_encoding != ALLOTP_POINTER_OMIT)
		count = allotp_cursor_pointer(&cursor, count_encoding, header);
	if (cursor.bad)
		return -EBADMSG;
	if (count == 0 || table_encoding != TABLE_ENCODING)
		return scan(object, frames, pc, out);
	if (count > (object->end - object->start) / 8)
		return -EBADMSG;
	return search_table(object, (uintptr_t)cursor.at, count, pc, out);
}
