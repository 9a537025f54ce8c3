/* SPDX-License-Identifier: MIT */
/* Tests that damaged and hostile snapshot files give one clear error, whatever is wrong with them. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "snapshot-sample.h"
#include "snapshot/container.h"
#include "snapshot/payload.h"
#include "snapshot/snapshot.h"
#include "unit.h"

struct bytes {
	uint8_t *data;
	size_t size;
};

static struct bytes payload_of(const struct allot_snapshot *snapshot)
{
	struct bytes payload;

	ck_assert_int_eq(allotp_snapshot_encode(snapshot, "x", &payload.data, &payload.size, NULL), 0);
	return payload;
}

static struct bytes file_of(const struct allot_snapshot *snapshot)
{
	struct bytes payload = payload_of(snapshot), file;

	ck_assert_int_eq(allotp_container_pack(payload.data, payload.size, "x", &file.data, &file.size, NULL), 0);
	free(payload.data);
	return file;
}

/* Parses a copy of exactly that size, so that a sanitizer sees every byte read beyond it. */
static int parse(const uint8_t *data, size_t size, struct allot_snapshot **out, struct allot_error *error)
{
	uint8_t *copy = malloc(size ? size : 1);
	int result;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, size);
	*error = (struct allot_error){ "" };
	result = allotp_snapshot_parse(copy, size, "x.snap", out, error);
	free(copy);
	return result;
}

static void assert_refused(const uint8_t *data, size_t size, int code, const char *text)
{
	struct allot_snapshot *untouched = (struct allot_snapshot *)&code, *out = untouched;
	struct allot_error error;

	ck_assert_int_eq(parse(data, size, &out, &error), code);
	ck_assert_str_eq(error.text, text);
	ck_assert_ptr_eq(out, untouched);
}

START_TEST(every_truncation_is_refused)
{
	struct allot_snapshot *snapshot = sample_snapshot(11, 8);
	struct bytes file = file_of(snapshot);

	assert_refused(file.data, 0, -EBADMSG, "x.snap: not an allot snapshot: it is empty");
	for (size_t size = 1; size < file.size; size++)
		assert_refused(file.data, size, -EBADMSG, "x.snap: truncated");
	free(file.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(every_flipped_bit_is_seen_or_harmless)
{
	struct allot_snapshot *snapshot = sample_snapshot(12, 8), *out;
	struct bytes file = file_of(snapshot);
	struct allot_error error;

	for (size_t bit = 0; bit < file.size * 8; bit++) {
		file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (parse(file.data, file.size, &out, &error) == 0) {
			ck_assert_pstr_eq(sample_difference(snapshot, out), NULL);
			allotp_snapshot_free(out);
		} else {
			ck_assert_int_eq(strncmp(error.text, "x.snap: ", 8), 0);
			ck_assert_ptr_null(strchr(error.text, '\n'));
		}
		file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(file.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(errors_say_what_is_wrong)
{
	struct allot_snapshot *snapshot = sample_snapshot(13, 8);
	struct bytes file = file_of(snapshot);
	uint8_t longer[32768] = { 0 };
	uint64_t huge = htole64(UINT64_C(1) << 40);

	assert_refused((const uint8_t *)"#!/bin/sh\n", 10, -EBADMSG, "x.snap: not an allot snapshot");

	file.data[file.size - 1] ^= 1; /* the frame ends with its checksum */
	assert_refused(file.data, file.size, -EBADMSG, "x.snap: damaged: checksum mismatch");
	file.data[file.size - 1] ^= 1;

	ck_assert_uint_lt(file.size, sizeof(longer));
	memcpy(longer, file.data, file.size);
	assert_refused(longer, file.size + 1, -EBADMSG, "x.snap: damaged: data after the end");

	longer[8] = 2;
	assert_refused(longer, file.size, -ENOTSUP, "x.snap: made by a newer allot (version 2)");
	longer[8] = 0;
	assert_refused(longer, file.size, -EBADMSG, "x.snap: damaged: bad header");
	longer[8] = 1;
	longer[12] = 1;
	assert_refused(longer, file.size, -EBADMSG, "x.snap: damaged: bad header");
	longer[12] = 0;

	longer[16] ^= 1;
	assert_refused(longer, file.size, -EBADMSG, "x.snap: damaged: sizes do not match");
	memcpy(longer + 16, &huge, sizeof(huge));
	assert_refused(longer, file.size, -EBADMSG, "x.snap: damaged: impossible sizes");
	memcpy(longer + 24, &huge, sizeof(huge));
	assert_refused(longer, 100, -EBADMSG, "x.snap: damaged: impossible sizes");
	free(file.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

/* ---- behind the checksum ---- */

static int parse_payload(const uint8_t *data, size_t size, struct allot_snapshot **out, struct allot_error *error)
{
	uint8_t *copy = malloc(size ? size : 1);
	int result;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, size);
	*error = (struct allot_error){ "" };
	result = allotp_snapshot_parse_payload(copy, size, "x", out, error);
	free(copy);
	return result;
}

static void assert_payload_refused(const struct bytes *payload, const char *text)
{
	struct allot_snapshot *out;
	struct allot_error error;

	ck_assert_int_eq(parse_payload(payload->data, payload->size, &out, &error), -EBADMSG);
	ck_assert_str_eq(error.text, text);
}

/* Where the section is; the tags are in the payload once each. */
static size_t section_at(const struct bytes *payload, const char *tag)
{
	const uint8_t *found = memmem(payload->data, payload->size, tag, 4);

	ck_assert_ptr_nonnull(found);
	return (size_t)(found - payload->data);
}

START_TEST(every_payload_truncation_is_refused)
{
	struct allot_snapshot *snapshot = sample_snapshot(21, 8), *out;
	struct bytes payload = payload_of(snapshot);
	struct allot_error error;
	size_t optional = section_at(&payload, "REGN"), accepted = 0;

	for (size_t size = 0; size < payload.size; size++) {
		if (parse_payload(payload.data, size, &out, &error) == 0) {
			/* only where an optional section would begin */
			ck_assert_uint_ge(size, optional);
			allotp_snapshot_free(out);
			accepted++;
		}
	}
	ck_assert_uint_eq(accepted, 17);
	free(payload.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(every_changed_payload_byte_is_survived)
{
	struct allot_snapshot *snapshot = sample_snapshot(22, 8), *out;
	struct bytes payload = payload_of(snapshot);
	struct allot_error error;

	for (size_t i = 0; i < payload.size; i++) {
		static const uint8_t masks[] = { 0x01, 0x7f, 0x80, 0xff };

		for (size_t j = 0; j < sizeof(masks); j++) {
			payload.data[i] ^= masks[j];
			if (parse_payload(payload.data, payload.size, &out, &error) == 0)
				allotp_snapshot_free(out);
			payload.data[i] ^= masks[j];
		}
	}
	free(payload.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

static const char *const required[][2] = {
	{ "PROC", "process" }, { "TRST", "trust" },   { "LOST", "lost" },  { "MODS", "modules" },
	{ "NODE", "nodes" },   { "DOMS", "domains" }, { "SITE", "sites" },
};

START_TEST(missing_sections_are_named)
{
	struct allot_snapshot *snapshot = sample_snapshot(23, 8);
	struct bytes payload = payload_of(snapshot);
	char text[80];

	payload.data[section_at(&payload, required[_i][0])] = '?'; /* an unknown section now */
	snprintf(text, sizeof(text), "x: damaged: no section '%s'", required[_i][1]);
	assert_payload_refused(&payload, text);
	free(payload.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

/* Replaces size bytes at that place by others. */
static void splice(struct bytes *payload, size_t at, size_t size, const void *bytes, size_t bytes_size)
{
	uint8_t *data = malloc(payload->size - size + bytes_size);

	ck_assert_ptr_nonnull(data);
	memcpy(data, payload->data, at);
	memcpy(data + at, bytes, bytes_size);
	memcpy(data + at + bytes_size, payload->data + at + size, payload->size - at - size);
	free(payload->data);
	payload->data = data;
	payload->size += bytes_size - size;
}

#define SECTION_HEAD 12

/* Head and content of the section at that place. */
static size_t section_size(const struct bytes *payload, size_t at)
{
	uint64_t length;

	memcpy(&length, payload->data + at + 4, sizeof(length));
	return SECTION_HEAD + (size_t)le64toh(length);
}

START_TEST(unknown_sections_and_columns_are_passed_over)
{
	struct allot_snapshot *snapshot = sample_snapshot(24, 8), *out;
	struct bytes payload = payload_of(snapshot);
	struct allot_error error;
	size_t trust = section_at(&payload, "TRST");

	splice(&payload, trust + section_size(&payload, trust), 0, "\x77", 1);
	payload.data[trust + 4]++;
	splice(&payload, 0, 0, "NEW1\x03\0\0\0\0\0\0\0abc", SECTION_HEAD + 3);
	ck_assert_msg(parse_payload(payload.data, payload.size, &out, &error) == 0, "%s", error.text);
	ck_assert_pstr_eq(sample_difference(snapshot, out), NULL);
	allotp_snapshot_free(out);
	free(payload.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(lost_for_an_unknown_reason_still_counts)
{
	struct allot_snapshot *snapshot = allotp_snapshot_new(), *out;
	struct bytes payload = payload_of(snapshot);
	struct allot_error error;
	size_t lost = section_at(&payload, "LOST");

	/* one reason more, with 9 events */
	splice(&payload, lost + section_size(&payload, lost), 0, "\x09", 1);
	payload.data[lost + 4]++;
	payload.data[lost + SECTION_HEAD]++;
	ck_assert_msg(parse_payload(payload.data, payload.size, &out, &error) == 0, "%s", error.text);
	ck_assert_uint_eq(out->trust.lost[ALLOT_LOST_REASONS - 1], 9);
	allotp_snapshot_free(out);
	free(payload.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(two_sections_of_a_kind_are_refused)
{
	struct allot_snapshot *snapshot = sample_snapshot(25, 8);
	struct bytes payload = payload_of(snapshot);

	memcpy(payload.data + section_at(&payload, "MARK"), "SERI", 4);
	assert_payload_refused(&payload, "x: damaged: two sections 'series'");
	free(payload.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

/* Claims 2⁴⁰ items in an array section of a payload with little else in it. */
START_TEST(huge_counts_are_refused)
{
	static const struct {
		const char *tag, *name;
	} arrays[] = {
		{ "MODS", "modules" }, { "NODE", "nodes" },   { "DOMS", "domains" },
		{ "SITE", "sites" },   { "MARK", "marks" },   { "SERI", "series" },
		{ "BLOK", "blocks" },  { "SYMS", "symbols" }, { "REGN", "regions" },
		{ "LEKC", "links" },
	};
	struct allot_snapshot *snapshot = sample_snapshot(26, 8);
	struct bytes payload = payload_of(snapshot);
	size_t at = section_at(&payload, arrays[_i].tag) + SECTION_HEAD;
	char text[80];

	memcpy(payload.data + at, "\x80\x80\x80\x80\x80\x20", 6);
	snprintf(text, sizeof(text), "x: damaged: bad section '%s'", arrays[_i].name);
	assert_payload_refused(&payload, text);
	free(payload.data);
	allotp_snapshot_free(snapshot);
}
END_TEST

/* A section of a smaller snapshot in the place of a larger one's: what pointed into it points beyond it. */
START_TEST(indices_out_of_range_are_refused)
{
	static const struct {
		const char *tag, *text;
	} cases[] = {
		{ "NODE", "x: damaged: sites: a stack is out of range" },
		{ "SITE", "x: damaged: blocks: a site is out of range" },
		{ "MODS", "x: damaged: bad section 'nodes'" },
		{ "DOMS", "x: damaged: sites: a domain is out of range" },
	};
	struct allot_snapshot *snapshot = sample_snapshot(27, 80), *small = allotp_snapshot_new();
	struct bytes payload = payload_of(snapshot), from = payload_of(small);
	size_t at = section_at(&payload, cases[_i].tag), from_at = section_at(&from, cases[_i].tag);

	splice(&payload, at, section_size(&payload, at), from.data + from_at, section_size(&from, from_at));
	assert_payload_refused(&payload, cases[_i].text);
	free(from.data);
	free(payload.data);
	allotp_snapshot_free(small);
	allotp_snapshot_free(snapshot);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot-damage");
	TCase *file = tcase_create("file"), *payload = tcase_create("payload");

	tcase_set_timeout(file, 300);
	tcase_add_test(file, every_truncation_is_refused);
	tcase_add_test(file, every_flipped_bit_is_seen_or_harmless);
	tcase_add_test(file, errors_say_what_is_wrong);
	suite_add_tcase(suite, file);
	tcase_set_timeout(payload, 300);
	tcase_add_test(payload, every_payload_truncation_is_refused);
	tcase_add_test(payload, every_changed_payload_byte_is_survived);
	tcase_add_loop_test(payload, missing_sections_are_named, 0, 7);
	tcase_add_test(payload, unknown_sections_and_columns_are_passed_over);
	tcase_add_test(payload, lost_for_an_unknown_reason_still_counts);
	tcase_add_test(payload, two_sections_of_a_kind_are_refused);
	tcase_add_loop_test(payload, huge_counts_are_refused, 0, 10);
	tcase_add_loop_test(payload, indices_out_of_range_are_refused, 0, 4);
	suite_add_tcase(suite, payload);
	return unit_run(suite);
}
