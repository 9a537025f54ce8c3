/* SPDX-License-Identifier: MIT */
/* Tests of making, opening and growing a store, and of what is said when that is not possible. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/snapshot.h"
#include "store-fixture.h"
#include "store/drain.h"
#include "store/tree.h"
#include "unit.h"

#define STORE_BYTES ALLOT_STORE_SIZE_MIN

/* ---- limits of the process ---- */

static uint64_t affordable(int resource, uint64_t limit, bool file)
{
	struct rlimit old, lower;
	uint64_t size;

	ck_assert_int_eq(getrlimit(resource, &old), 0);
	lower = (struct rlimit){ .rlim_cur = limit, .rlim_max = old.rlim_max };
	ck_assert_int_eq(setrlimit(resource, &lower), 0);
	size = allotp_store_affordable_size(file);
	ck_assert_int_eq(setrlimit(resource, &old), 0);
	return size;
}

START_TEST(size_follows_the_limits)
{
	ck_assert_uint_eq(affordable(RLIMIT_AS, RLIM_INFINITY, true), ALLOT_STORE_SIZE);
	/* An eighth of the address space. */
	ck_assert_uint_eq(affordable(RLIMIT_AS, UINT64_C(1) << 34, true), UINT64_C(1) << 31);
	ck_assert_uint_eq(affordable(RLIMIT_AS, 8 * ALLOT_STORE_SIZE_MIN, true), ALLOT_STORE_SIZE_MIN);
	ck_assert_uint_eq(affordable(RLIMIT_AS, 8 * ALLOT_STORE_SIZE_MIN - 8, true), 0);
	/* A file no larger than may be; memory has no such limit. */
	ck_assert_uint_eq(affordable(RLIMIT_FSIZE, (UINT64_C(1) << 30) + 12345, true), UINT64_C(1) << 30);
	ck_assert_uint_eq(affordable(RLIMIT_FSIZE, ALLOT_STORE_SIZE_MIN - 1, true), 0);
	ck_assert_uint_eq(affordable(RLIMIT_FSIZE, ALLOT_STORE_SIZE_MIN - 1, false), ALLOT_STORE_SIZE);
}
END_TEST

static int memory_file(uint64_t size)
{
	int fd = memfd_create("store", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	return fd;
}

START_TEST(creation_without_address_space)
{
	struct allot_store store = { .size = 4711 };
	int fd = memory_file(UINT64_C(1) << 40), result;
	struct rlimit old, lower;

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &old), 0);
	lower = (struct rlimit){ .rlim_cur = UINT64_C(1) << 38, .rlim_max = old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &lower), 0);
	result = allotp_store_create(&store, fd, UINT64_C(1) << 40, NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &old), 0);
	ck_assert_int_eq(result, -ENOMEM);
	ck_assert_uint_eq(store.size, 4711);
	close(fd);
}
END_TEST

START_TEST(a_file_is_one_store_only)
{
	struct allot_store first, second;
	int fd = memory_file(STORE_BYTES);

	ck_assert_int_eq(allotp_store_create(&first, fd, STORE_BYTES, NULL), 0);
	ck_assert_int_eq(allotp_store_create(&second, fd, STORE_BYTES, NULL), -EBUSY);
	allotp_store_close(&first);
	close(fd);
}
END_TEST

/* ---- regions ---- */

START_TEST(regions_grow_to_their_ends)
{
	struct allot_store store;
	int fd = fixture_create(&store, STORE_BYTES, 64);

	for (int i = 1; i < ALLOT_REGIONS; i++) {
		enum allot_region_id region = (enum allot_region_id)i;
		uint64_t size = store.region_size[i];

		ck_assert_uint_eq(size % 4096, 0);
		ck_assert_int_eq(allotp_store_need(&store, region, size + 1), -ENOSPC);
		ck_assert_int_eq(allotp_store_need(&store, region, 1), 0);
		ck_assert(allotp_store_has(&store, region, 1));
		store.region[i][0] = 1;
		ck_assert_int_eq(allotp_store_need(&store, region, size), 0);
		store.region[i][size - 1] = 2;
		ck_assert_uint_eq(store.header->regions[i].committed, size);
		ck_assert(allotp_store_has(&store, region, size));
		ck_assert(!allotp_store_has(&store, region, size + 1));
	}
	/* No region reaches into another. */
	for (int i = 1; i < ALLOT_REGIONS; i++)
		ck_assert(store.region[i] >= store.region[i - 1] + store.region_size[i - 1]);
	ck_assert(store.region[ALLOT_REGIONS - 1] + store.region_size[ALLOT_REGIONS - 1] <= store.base + STORE_BYTES);
	allotp_store_close(&store);
	close(fd);
}
END_TEST

START_TEST(little_is_committed_at_first)
{
	struct allot_store store;
	struct stat status;
	int fd = fixture_create(&store, UINT64_C(1) << 36, 64);

	ck_assert_int_eq(fstat(fd, &status), 0);
	ck_assert_int_lt(status.st_blocks * 512, 2 << 20);
	allotp_store_close(&store);
	close(fd);
}
END_TEST

START_TEST(readers_see_what_is_committed)
{
	struct allot_store store, reader;
	int fd = fixture_create(&store, STORE_BYTES, 64);

	reader = fixture_open(fd);
	ck_assert(!allotp_store_has(&reader, ALLOT_REGION_STRINGS, 1));
	ck_assert_uint_eq(allotp_store_string(&store, "one", 3), 1);
	ck_assert_uint_eq(allotp_store_string(&store, "two", 3), 5);
	ck_assert_int_eq(allotp_store_sync(&reader), 0);
	ck_assert(allotp_store_has(&reader, ALLOT_REGION_STRINGS, 9));
	ck_assert_str_eq((char *)reader.region[ALLOT_REGION_STRINGS] + 1, "one");
	ck_assert_str_eq((char *)reader.region[ALLOT_REGION_STRINGS] + 5, "two");
	ck_assert_uint_eq(allotp_store_string(&store, "", 0), 0);
	allotp_store_close(&reader);
	allotp_store_close(&store);
	close(fd);
}
END_TEST

START_TEST(strings_run_out)
{
	static char text[20000];
	struct allot_store store;
	uint32_t last = 1, next;
	int fd = fixture_create(&store, STORE_BYTES, 64);

	memset(text, 'x', sizeof(text));
	while ((next = allotp_store_string(&store, text, sizeof(text)))) {
		ck_assert_uint_ge(next, last);
		last = next;
	}
	ck_assert_uint_le(last + sizeof(text) + 1, store.region_size[ALLOT_REGION_STRINGS]);
	allotp_store_close(&store);
	close(fd);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	/* The file ends early, so that its pages cannot be had, as on a disk without room for them. */
	struct allot_producer producer;
	struct allot_store store;
	uint64_t size, to, events = 1;
	int fd = fixture_create(&store, STORE_BYTES, 64);

	size = store.region_size[ALLOT_REGION_SEGMENTS];
	ck_assert_int_eq(ftruncate(fd, (off_t)(STORE_BYTES - size / 2)), 0);
	/* Segments are committed first, and backed as they are written to. */
	ck_assert_int_eq(allotp_store_need(&store, ALLOT_REGION_SEGMENTS, size), 0);
	to = size;
	ck_assert_int_eq(allotp_store_back(&store, ALLOT_REGION_SEGMENTS, 0, &to), -ENOSPC);
	ck_assert_uint_eq(to, size);
	to = 1;
	ck_assert_int_eq(allotp_store_back(&store, ALLOT_REGION_SEGMENTS, 0, &to), 0);
	ck_assert_uint_eq(to, (uint64_t)sysconf(_SC_PAGESIZE));
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	while (fixture_write(&producer, (struct fixture_event){ .stamp = 2, .op = ALLOT_OP_MARK }))
		events++;
	ck_assert_uint_gt(events * sizeof(struct allot_event), size / 3);
	ck_assert_uint_le(events * sizeof(struct allot_event), size / 2);
	ck_assert_uint_eq(allotp_drain_rest(&store), events);
	allotp_store_close(&store);
	close(fd);
}
END_TEST

START_TEST(a_damaged_count_takes_no_memory)
{
	struct allot_store store, reader;
	struct stat status;
	int fd = fixture_create(&store, UINT64_C(1) << 36, 64);

	reader = fixture_open(fd);
	ck_assert_int_eq(allotp_store_need(&reader, ALLOT_REGION_PAGES, UINT64_C(1) << 33), -EBADMSG);
	ck_assert_int_eq(allotp_store_need(&reader, ALLOT_REGION_PAGES, UINT64_C(1) << 20), 0);
	ck_assert_int_eq(fstat(fd, &status), 0);
	ck_assert_int_lt(status.st_blocks * 512, 4 << 20);
	allotp_store_close(&reader);
	allotp_store_close(&store);
	close(fd);
}
END_TEST

/* ---- a store that is full ---- */

START_TEST(sites_run_out)
{
	struct allot_producer producer;
	struct allot_store store;
	const struct allot_totals *totals;
	uint64_t room;
	int fd = fixture_create(&store, STORE_BYTES, 64);

	totals = &store.header->totals;
	/* Site 0 is not used. */
	room = allotp_capacity(&store, ALLOT_REGION_SITES, sizeof(struct allot_store_site)) - 1;
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	for (uint64_t i = 0; i < room + 100; i++) {
		struct fixture_event event = {
			.stamp = 2 + i, .address = 4096 + 16 * i, .size = 3, .op = ALLOT_OP_ALLOC
		};

		event.stack = allotp_tree_insert(&store, ALLOT_NODE_ROOT, i, 0, 0);
		fixture_require(event.stack != ALLOT_NODE_NONE);
		if (!fixture_write(&producer, event))
			break;
	}
	fixture_drain(&store);
	/* What was counted is exact; that it is not all is said. */
	ck_assert_uint_eq(store.header->site_count, room);
	ck_assert_uint_eq(totals->ever_blocks, room);
	ck_assert_uint_eq(totals->ever_bytes, 3 * room);
	ck_assert_uint_gt(store.header->lost[ALLOT_LOST_STORE_FULL], 0);
	ck_assert_uint_eq(store.header->stopped, 1);
	/* Later events change nothing any more: they would not fit to those that are missing. */
	ck_assert_uint_eq(totals->tallies.unknown_frees, 0);
	allotp_store_close(&store);
	close(fd);
}
END_TEST

/* ---- opening ---- */

/* Overwrites 8 bytes of the header of a sound store and tries to open it. */
static void assert_refused(size_t offset, uint64_t value, const char *expected)
{
	struct allot_store made, opened = { .size = 4711 };
	struct allot_error error = { "" };
	int fd = fixture_create(&made, STORE_BYTES, 64);

	ck_assert_int_eq(pwrite(fd, &value, sizeof(value), (off_t)offset), sizeof(value));
	ck_assert_int_eq(allotp_store_open(&opened, fd, "the-store", &error), -EBADMSG);
	ck_assert_uint_eq(opened.size, 4711);
	ck_assert_ptr_null(opened.base);
	ck_assert_str_eq(error.text, expected);
	allotp_store_close(&made);
	close(fd);
}

#define HEADER(member) offsetof(struct allot_header, member)

START_TEST(damaged_headers_are_refused)
{
	uint64_t version = (uint64_t)sizeof(struct allot_header) << 32 | ALLOT_STORE_VERSION;
	char last[64];

	assert_refused(HEADER(magic), 0, "the-store: not an allot store");
	assert_refused(HEADER(magic), ALLOT_STORE_MAGIC + 1, "the-store: not an allot store");
	assert_refused(HEADER(version), version + 1, "the-store: a store made by another version of allot");
	assert_refused(HEADER(version), version + (UINT64_C(1) << 32),
		       "the-store: a store made by another version of allot");
	assert_refused(HEADER(mapping_size), STORE_BYTES + 4096, "the-store: a store made by another version of allot");
	assert_refused(HEADER(regions[0].offset), 4096, "the-store: damaged: region 0 is out of place");
	assert_refused(HEADER(regions[0].size), 0, "the-store: damaged: region 1 is out of place");
	assert_refused(HEADER(regions[3].offset), 0, "the-store: damaged: region 3 is out of place");
	assert_refused(HEADER(regions[3].size), 4097, "the-store: damaged: region 3 is out of place");
	assert_refused(HEADER(regions[3].size), UINT64_MAX - 4095, "the-store: damaged: region 3 is out of place");
	snprintf(last, sizeof(last), "the-store: damaged: region %d is out of place", ALLOT_REGIONS - 1);
	assert_refused(HEADER(regions[ALLOT_REGIONS - 1].size), STORE_BYTES, last);
}
END_TEST

START_TEST(files_that_are_no_stores_are_refused)
{
	struct allot_error error = { "" };
	struct allot_store store;
	int fd = memory_file(0);

	ck_assert_int_eq(allotp_store_open(&store, fd, "x", &error), -EBADMSG);
	ck_assert_str_eq(error.text, "x: not an allot store");
	ck_assert_int_eq(ftruncate(fd, STORE_BYTES), 0);
	ck_assert_int_eq(allotp_store_open(&store, fd, "x", &error), -EBADMSG);
	ck_assert_str_eq(error.text, "x: not an allot store");
	close(fd);
	ck_assert_int_eq(allotp_store_open(&store, fd, "x", &error), -EBADF);
	ck_assert_str_eq(error.text, "x: Bad file descriptor");
}
END_TEST

START_TEST(a_short_file_is_refused)
{
	struct allot_store made, opened;
	struct allot_error error = { "" };
	int fd = fixture_create(&made, STORE_BYTES, 64);

	allotp_store_close(&made);
	ck_assert_int_eq(ftruncate(fd, STORE_BYTES / 2), 0);
	ck_assert_int_eq(allotp_store_open(&opened, fd, "x", &error), -EBADMSG);
	close(fd);
}
END_TEST

START_TEST(more_than_there_is_cannot_be_committed)
{
	struct allot_store made, opened;
	int fd = fixture_create(&made, STORE_BYTES, 64);

	made.header->regions[ALLOT_REGION_PAGES].committed = UINT64_MAX;
	opened = fixture_open(fd);
	ck_assert_uint_eq(opened.accessible[ALLOT_REGION_PAGES], opened.region_size[ALLOT_REGION_PAGES]);
	allotp_store_close(&opened);
	allotp_store_close(&made);
	close(fd);
}
END_TEST

static void assert_undrainable(uint32_t events, uint32_t bytes)
{
	struct allot_store made, opened;
	int fd = fixture_create(&made, STORE_BYTES, 64);

	opened = fixture_open(fd);
	made.header->segment_events = events;
	made.header->segment_bytes = bytes;
	ck_assert_int_eq(allotp_drain_lock(&opened), -EBADMSG);
	/* The lock is given back. */
	ck_assert_uint_eq(made.header->lock, 0);
	allotp_store_close(&opened);
	allotp_store_close(&made);
	close(fd);
}

START_TEST(impossible_rings_are_not_drained)
{
	const uint32_t head = sizeof(struct allot_segment), event = sizeof(struct allot_event);

	assert_undrainable(0, head);
	assert_undrainable(48, head + 48 * event);
	assert_undrainable(64, head + 63 * event);
	assert_undrainable(64, 0);
	assert_undrainable(UINT32_MAX, head);
	assert_undrainable(1u << 27, head); /* so many that their bytes are 0 in 32 bits */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-growth");
	TCase *growth = tcase_create("growth"), *opening = tcase_create("opening");

	tcase_add_test(growth, size_follows_the_limits);
	tcase_add_test(growth, creation_without_address_space);
	tcase_add_test(growth, a_file_is_one_store_only);
	tcase_add_test(growth, regions_grow_to_their_ends);
	tcase_add_test(growth, little_is_committed_at_first);
	tcase_add_test(growth, readers_see_what_is_committed);
	tcase_add_test(growth, strings_run_out);
	tcase_add_test(growth, a_full_disk_is_told);
	tcase_add_test(growth, a_damaged_count_takes_no_memory);
	tcase_add_test(growth, sites_run_out);
	suite_add_tcase(suite, growth);
	tcase_add_test(opening, damaged_headers_are_refused);
	tcase_add_test(opening, files_that_are_no_stores_are_refused);
	tcase_add_test(opening, a_short_file_is_refused);
	tcase_add_test(opening, more_than_there_is_cannot_be_committed);
	tcase_add_test(opening, impossible_rings_are_not_drained);
	suite_add_tcase(suite, opening);
	return unit_run(suite);
}
