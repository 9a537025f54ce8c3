/* SPDX-License-Identifier: MIT */
/* Tests of the live table against a plain array: what is in it, what is found, and what happens when it is full. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "store-fixture.h"
#include "store/live.h"
#include "unit.h"

#define KEYS 400000u
#define OPERATIONS (1000000u / FIXTURE_SLOWNESS)

static struct allot_store store;

/* The model: the entry of each key, size 0 if there is none. */
static struct allot_live_entry *entries;
static uint32_t *places; /* where each was when it was set last */
static uint64_t count;

static void set_up(void)
{
	close(fixture_create(&store, UINT64_C(1) << 26, 64));
	entries = calloc(KEYS, sizeof(*entries));
	ck_assert_ptr_nonnull(entries);
	places = calloc(KEYS, sizeof(*places));
	ck_assert_ptr_nonnull(places);
	count = 0;
}

static void tear_down(void)
{
	allotp_store_close(&store);
	free(entries);
	free(places);
}

static int set(const struct allot_live_entry *entry)
{
	uint32_t place = 0;

	return allotp_live_set(&store, entry, &place);
}

static uint64_t key_of(uint32_t number)
{
	return allotp_live_key(UINT64_C(0x550000000000) + (uint64_t)(number / 2) * 48, number % 2 ? 3 : 0);
}

static int insert(uint32_t number, uint64_t size)
{
	struct allot_live_entry entry = {
		.key = key_of(number),
		.size = size,
		.site = number % 1000 + 1,
		.slot_family = number % 17,
	};
	int result = allotp_live_set(&store, &entry, &places[number]);

	if (!result) {
		count += !entries[number].size;
		entries[number] = entry;
	}
	return result;
}

static void assert_found(uint32_t number)
{
	const struct allot_live_entry *found = allotp_live_find(&store, key_of(number)), *entry = &entries[number];

	if (!entry->size) {
		fixture_require(!found);
		return;
	}
	fixture_require(found && !memcmp(found, entry, sizeof(*entry)));
}

static void remove_key(uint32_t number)
{
	allotp_live_remove(&store, key_of(number), places[number]);
	count -= entries[number].size != 0;
	entries[number].size = 0;
}

static void count_entry(const struct allot_live_entry *entry, void *data)
{
	uint32_t number =
		(uint32_t)((entry->key & ALLOT_LOW48) - UINT64_C(0x550000000000)) / 48 * 2 + (entry->key >> 48 == 3);

	fixture_require(number < KEYS && !memcmp(entry, &entries[number], sizeof(*entry)));
	++*(uint64_t *)data;
}

static void assert_exact(void)
{
	uint64_t listed = 0;

	fixture_each_live(&store, count_entry, &listed);
	ck_assert_uint_eq(listed, count);
	for (uint32_t i = 0; i < KEYS; i++)
		assert_found(i);
}

START_TEST(a_million_operations)
{
	uint64_t random = (uint64_t)_i;

	for (uint32_t i = 0; i < OPERATIONS; i++) {
		/* The table grows, shrinks and grows again. */
		uint64_t bias = i / (OPERATIONS / 4) % 2 ? 30 : 85;
		uint32_t number = (uint32_t)(fixture_random(&random) % KEYS);

		assert_found(number);
		/* What is there is set again, what is not there is removed, now and then. */
		if (fixture_random(&random) % 100 < (entries[number].size ? 5 : bias))
			fixture_require(!insert(number, 1 + fixture_random(&random) % 100000));
		else
			remove_key(number);
	}
	assert_exact();
	ck_assert_uint_gt(store.header->page_count, 500 / FIXTURE_SLOWNESS);
	ck_assert_uint_gt(store.header->directory_bits, 6);
	while (count) {
		uint32_t number = (uint32_t)(fixture_random(&random) % KEYS);

		for (; !entries[number].size; number = (number + 1) % KEYS)
			;
		remove_key(number);
	}
	assert_exact();
}
END_TEST

/* One page, full, so that many entries are not at home. It is not split before that. */
START_TEST(entries_elsewhere_are_found)
{
	uint64_t random = 100 + (uint64_t)_i;
	uint32_t numbers[ALLOT_LIVE_ENTRIES], used = 0;

	while (count < ALLOT_LIVE_ENTRIES) {
		uint32_t number = (uint32_t)(fixture_random(&random) % KEYS);

		if (entries[number].size)
			continue;
		ck_assert_int_eq(insert(number, 1 + number), 0);
		numbers[used++] = number;
	}
	ck_assert_uint_eq(store.header->page_count, 1);
	/* One goes, another comes. */
	for (int i = 0; i < 2000; i++) {
		uint32_t gone = (uint32_t)(fixture_random(&random) % used), number;

		remove_key(numbers[gone]);
		assert_found(numbers[gone]);
		do
			number = (uint32_t)(fixture_random(&random) % KEYS);
		while (entries[number].size);
		ck_assert_int_eq(insert(number, 1 + number), 0);
		numbers[gone] = number;
		for (uint32_t j = 0; j < used; j++)
			assert_found(numbers[j]);
	}
	assert_exact();
}
END_TEST

/* The group that a key is in when it is the only one. */
static uint32_t home_of(uint32_t number)
{
	const struct allot_live_page *page = allotp_page(&store, 1);
	uint32_t home = 0;

	ck_assert_int_eq(insert(number, 1), 0);
	while (home < ALLOT_LIVE_GROUPS && page->groups[home].entries[0].key != key_of(number))
		home++;
	ck_assert_uint_lt(home, ALLOT_LIVE_GROUPS);
	remove_key(number);
	return home;
}

/* More of one home than it has notes for. */
START_TEST(one_home_of_all)
{
	enum { OF_ONE = 60 };
	const struct allot_live_group *home = &allotp_page(&store, 1)->groups[5];
	const uint8_t *last = &home->elsewhere[sizeof(home->elsewhere) - 1];
	uint32_t numbers[OF_ONE], used = 0;
	uint64_t random = 7;

	for (uint32_t number = 0; used < OF_ONE; number++) {
		if (home_of(number) == 5)
			numbers[used++] = number;
	}
	for (uint32_t i = 0; i < OF_ONE; i++) {
		ck_assert_int_eq(insert(numbers[i], 1 + i), 0);
		for (uint32_t j = 0; j < OF_ONE; j++)
			assert_found(numbers[j]);
	}
	ck_assert_uint_eq(*last, ALLOT_LIVE_ANYWHERE);
	/* A drainer that dies while it changes the page, whatever of the notes it has written. */
	memset(allotp_page(&store, 1)->groups[5].elsewhere, 0, 3);
	allotp_live_recover(&store);
	for (uint32_t left = OF_ONE; left; left--) {
		uint32_t gone = (uint32_t)(fixture_random(&random) % left);

		remove_key(numbers[gone]);
		assert_found(numbers[gone]);
		numbers[gone] = numbers[left - 1];
		for (uint32_t j = 0; j < left - 1; j++)
			assert_found(numbers[j]);
		if (left < sizeof(home->elsewhere))
			ck_assert_uint_eq(*last, 0);
	}
	ck_assert_uint_eq(store.header->page_count, 1);
	ck_assert_uint_eq(home->elsewhere[0], 0);
}
END_TEST

/* More blocks at one place than a group can have: they are told apart by their own bits. */
START_TEST(blocks_side_by_side)
{
	struct allot_live_entry entry = { .size = 1, .site = 1 };

	for (uint64_t i = 0; i < 20000; i++) {
		entry.key = allotp_live_key(UINT64_C(0x550000000000) + i % 1000, (uint16_t)(i / 1000));
		fixture_require(!set(&entry));
	}
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t key = allotp_live_key(UINT64_C(0x550000000000) + i % 1000, (uint16_t)(i / 1000));

		fixture_require(allotp_live_find(&store, key) && allotp_live_find(&store, key)->key == key);
		allotp_live_remove(&store, key, 0);
		fixture_require(!allotp_live_find(&store, key));
	}
}
END_TEST

START_TEST(address_0_is_no_block)
{
	struct allot_live_entry entry = { .size = 1, .site = 1 };

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(set(&entry), 0);
	ck_assert_ptr_null(allotp_live_find(&store, 0));
	allotp_live_remove(&store, 0, 0);
	ck_assert_uint_eq(store.header->page_count, 1);
	assert_exact();
}
END_TEST

START_TEST(the_last_values_count)
{
	struct allot_live_entry entry = { .key = key_of(1), .size = 10, .site = 1 }, other = entry;

	ck_assert_int_eq(set(&entry), 0);
	ck_assert_int_eq(set(&entry), 0);
	other.size = 20;
	ck_assert_int_eq(set(&other), 0);
	ck_assert_int_eq(memcmp(allotp_live_find(&store, entry.key), &other, sizeof(other)), 0);
	allotp_live_remove(&store, entry.key, 0);
	ck_assert_ptr_null(allotp_live_find(&store, entry.key));
	allotp_live_remove(&store, entry.key, 0);
	ck_assert_ptr_null(allotp_live_find(&store, entry.key));
}
END_TEST

START_TEST(the_domain_tells_blocks_apart)
{
	ck_assert_uint_ne(key_of(0), key_of(1));
	ck_assert_uint_eq(key_of(0) & ALLOT_LOW48, key_of(1) & ALLOT_LOW48);
	ck_assert_int_eq(insert(0, 10), 0);
	assert_found(1);
	ck_assert_int_eq(insert(1, 20), 0);
	remove_key(0);
	assert_found(0);
	assert_found(1);
}
END_TEST

START_TEST(a_full_table_refuses)
{
	uint64_t capacity, random = 7;
	uint32_t next = 0, refused;

	allotp_store_close(&store);
	close(fixture_create(&store, ALLOT_STORE_SIZE_MIN, 64));
	/* Page 0 is not used. */
	capacity = allotp_capacity(&store, ALLOT_REGION_PAGES, sizeof(struct allot_live_page)) - 1;
	while (!insert(next, 1 + next))
		fixture_require(++next < KEYS);
	ck_assert_uint_eq(store.header->page_count, capacity);
	ck_assert_uint_gt(count, capacity * ALLOT_LIVE_ENTRIES / 2);
	assert_exact();
	/* It goes on refusing those that have no room, taking the others, and keeping what it has. */
	for (uint32_t i = refused = 0; i < 2000; i++)
		refused += insert(next + i, 1 + next + i) != 0;
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_lt(refused, 2000);
	assert_exact();
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t number = (uint32_t)(fixture_random(&random) % next);

		if (entries[number].size)
			remove_key(number);
	}
	assert_exact();
	/* Where there is room again, it is used. */
	for (uint32_t i = 0; i < next; i += 10) {
		if (!entries[i].size)
			fixture_require(!insert(i, 5));
	}
	assert_exact();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-live");
	TCase *tcase = tcase_create("live");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_million_operations, 0, 2);
	tcase_add_loop_test(tcase, entries_elsewhere_are_found, 0, 10);
	tcase_add_test(tcase, one_home_of_all);
	tcase_add_test(tcase, blocks_side_by_side);
	tcase_add_test(tcase, address_0_is_no_block);
	tcase_add_test(tcase, the_last_values_count);
	tcase_add_test(tcase, the_domain_tells_blocks_apart);
	tcase_add_test(tcase, a_full_table_refuses);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
