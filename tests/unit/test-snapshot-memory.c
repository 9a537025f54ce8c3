/* SPDX-License-Identifier: MIT */
/* Tests that snapshots get by with any malloc, calloc or realloc failing: an error, nothing leaked or half done. */
#include <errno.h>
#include <string.h>

#include "common/error.h"
#include "failing.h"
#include "snapshot-sample.h"
#include "snapshot/freeze.h"
#include "snapshot/payload.h"
#include "snapshot/snapshot.h"
#include "store-sample.h"
#include "unit.h"

/* Does the work with the nth allocation failing, and says what came of it. */
typedef int work_fn(struct allot_error *error);

static struct allot_snapshot *snapshot;
static struct store_sample store;
static uint8_t *payload;
static size_t payload_size;

static int work_new(struct allot_error *error)
{
	struct allot_snapshot *made = allotp_snapshot_new();

	if (!made)
		return allotp_error(error, -ENOMEM, "out of memory");
	allotp_snapshot_free(made);
	return 0;
}

static int work_write(struct allot_error *error)
{
	return allotp_snapshot_write(snapshot, "/dev/null", error);
}

static int work_parse(struct allot_error *error)
{
	struct allot_snapshot *untouched = (struct allot_snapshot *)&store, *out = untouched;
	int result = allotp_snapshot_parse_payload(payload, payload_size, "x", &out, error);

	if (result == 0)
		allotp_snapshot_free(out);
	else
		ck_assert_ptr_eq(out, untouched);
	return result;
}

static int work_freeze(struct allot_error *error)
{
	struct allot_freeze_options options = { .with_blocks = true };
	struct allot_snapshot *untouched = (struct allot_snapshot *)&store, *out = untouched;
	int result = allotp_freeze(store.base, store.size, &options, &out, error);

	if (result == 0)
		allotp_snapshot_free(out);
	else
		ck_assert_ptr_eq(out, untouched);
	return result;
}

static void assert_every_failure_is_told(work_fn *work)
{
	for (unsigned long n = 0;; n++) {
		struct allot_error error = { "" };
		int result;

		failing_begin(n);
		result = work(&error);
		if (!failing_end()) {
			ck_assert_int_eq(result, 0);
			ck_assert_uint_gt(n, 0); /* or nothing was tested */
			return;
		}
		ck_assert_int_eq(result, -ENOMEM);
		ck_assert_uint_gt(strlen(error.text), 0);
	}
}

static void set_up(void)
{
	snapshot = sample_snapshot(41, 10);
	store = store_sample_new();
	store_sample_add_scopes(&store);
	ck_assert_int_eq(allotp_snapshot_encode(snapshot, "x", &payload, &payload_size, NULL), 0);
}

static void tear_down(void)
{
	free(payload);
	store_sample_free(&store);
	allotp_snapshot_free(snapshot);
}

START_TEST(every_failing_allocation_is_told)
{
	static work_fn *const works[] = { work_new, work_write, work_parse, work_freeze };

	assert_every_failure_is_told(works[_i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot-memory");
	TCase *tcase = tcase_create("memory");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, every_failing_allocation_is_told, 0, 4);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
