/* SPDX-License-Identifier: MIT */
/* Tests the snapshot in memory, and that a file gives back what was put into it. */
#include "snapshot/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "snapshot-sample.h"
#include "snapshot/check.h"
#include "unit.h"

static char folder[] = "/tmp/allot-test-XXXXXX";
static char path[64];

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.snap", folder);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(folder);
	memcpy(strchr(folder, '\0') - 6, "XXXXXX", 6);
}

static void assert_round_trip(const struct allot_snapshot *snapshot)
{
	struct allot_error error = { "" };
	struct allot_snapshot *back = NULL;

	ck_assert_msg(allotp_snapshot_write(snapshot, path, &error) == 0, "%s", error.text);
	ck_assert_msg(allotp_snapshot_read(path, &back, &error) == 0, "%s", error.text);
	ck_assert_pstr_eq(sample_difference(snapshot, back), NULL);
	allotp_snapshot_free(back);
}

START_TEST(empty_snapshot_has_the_fixed_entries)
{
	struct allot_snapshot *snapshot = allotp_snapshot_new();

	ck_assert_ptr_nonnull(snapshot);
	ck_assert_uint_eq(snapshot->module_count, 1);
	ck_assert_str_eq(snapshot->modules[0].path, "");
	ck_assert_uint_eq(snapshot->node_count, ALLOT_NODE_FIRST);
	ck_assert_uint_eq(snapshot->domain_count, 2);
	ck_assert_str_eq(snapshot->domains[ALLOT_DOMAIN_MALLOC], "malloc");
	ck_assert_str_eq(snapshot->domains[ALLOT_DOMAIN_MMAP], "mmap");
	ck_assert_uint_eq(snapshot->region_count, 1);
	ck_assert_str_eq(snapshot->regions[0].name, "");
	ck_assert_pstr_eq(allotp_snapshot_check(snapshot), NULL);
	allotp_snapshot_free(snapshot);
	allotp_snapshot_free(NULL);
}
END_TEST

START_TEST(empty_snapshot_round_trips)
{
	struct allot_snapshot *snapshot = allotp_snapshot_new();

	assert_round_trip(snapshot);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(rich_snapshots_round_trip)
{
	static const uint32_t scales[] = { 0, 1, 7, 60, 3000 };
	struct allot_snapshot *snapshot = sample_snapshot((uint64_t)_i, scales[_i % 5]);

	assert_round_trip(snapshot);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(symbol_is_found_by_module_address_and_signal)
{
	struct allot_snapshot *snapshot = sample_snapshot(1, 100);

	for (uint32_t i = 0; i < snapshot->symbol_count; i++) {
		const struct allot_symbol *symbol = &snapshot->symbols[i];

		ck_assert_ptr_eq(allotp_snapshot_symbol(snapshot, symbol->module, symbol->address, symbol->signal),
				 symbol);
		ck_assert_ptr_null(allotp_snapshot_symbol(snapshot, symbol->module, symbol->address + 1, false));
	}
	ck_assert_ptr_null(allotp_snapshot_symbol(snapshot, UINT32_MAX, 0, false));
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(snapshot_without_symbols_has_none)
{
	struct allot_snapshot *snapshot = allotp_snapshot_new();

	ck_assert_ptr_null(allotp_snapshot_symbol(snapshot, 0, 0, false));
	allotp_snapshot_free(snapshot);
}
END_TEST

/* One thing wrong in each; the writer must refuse what the reader would. */
static void spoil(struct allot_snapshot *s, int how)
{
	switch (how) {
	case 0:
		s->nodes[5].parent = 5;
		break;
	case 1:
		s->nodes[5].module = s->module_count;
		break;
	case 2:
		s->sites[0].stack = s->node_count;
		break;
	case 3:
		s->sites[0].domain = s->domain_count;
		break;
	case 4:
		s->blocks[0].site = s->site_count;
		break;
	case 5:
		s->blocks[0].address = UINT64_MAX;
		break;
	case 6:
		s->symbols[0].module = s->module_count;
		break;
	case 7:
		s->symbols[1].address = s->symbols[0].address;
		s->symbols[1].signal = s->symbols[0].signal;
		break;
	case 8:
		s->modules[1].build_id_size = 33;
		break;
	case 9:
		s->modules[1].start = s->modules[1].end + 1;
		break;
	case 10:
		free(s->modules[0].path);
		s->modules[0].path = strdup("x");
		break;
	case 11:
		s->sites[0].region = s->region_count;
		break;
	case 12:
		s->regions[1].parent = 1;
		break;
	case 13:
		free(s->regions[1].name);
		s->regions[1].name = NULL;
		break;
	case 14:
		free(s->regions[0].name);
		s->regions[0].name = strdup("x");
		break;
	case 15:
		s->links[0].kind = ALLOT_LINK_STACK;
		break;
	case 16:
		s->link_count--;
		break;
	case 17:
		s->links[0].kind = ALLOT_LINKS;
		break;
	case 18:
		s->links[0].stack = s->node_count;
		break;
	case 19:
		s->links[0].leak_class = ALLOT_LEAKS;
		break;
	default:
		s->trust.exit = (enum allot_exit)(ALLOT_EXIT_UNKNOWN + 1);
		break;
	}
}

START_TEST(writer_refuses_what_breaks_a_promise)
{
	struct allot_snapshot *snapshot = sample_snapshot(3, 20);
	struct allot_error error = { "" };
	char start[80];

	spoil(snapshot, _i);
	ck_assert_ptr_nonnull(allotp_snapshot_check(snapshot));
	ck_assert_int_eq(allotp_snapshot_write(snapshot, path, &error), -EINVAL);
	snprintf(start, sizeof(start), "%s: cannot write: ", path);
	ck_assert_int_eq(strncmp(error.text, start, strlen(start)), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(sites_take_few_bytes)
{
	struct allot_snapshot *snapshot = allotp_snapshot_new();
	struct stat status;
	uint32_t count = 10000;

	/* as programs have them: most stacks new, few values at each, many zeros */
	snapshot->nodes = realloc(snapshot->nodes, (ALLOT_NODE_FIRST + count) * sizeof(*snapshot->nodes));
	snapshot->sites = calloc(count, sizeof(*snapshot->sites));
	for (uint32_t i = 0; i < count; i++) {
		uint64_t blocks = 1 + i % 7;

		snapshot->nodes[ALLOT_NODE_FIRST + i] = (struct allot_node){
			.address = 0x555500001000 + (i * 2654435761u) % 65536,
			.parent = ALLOT_NODE_FIRST + i - 1 - i % 3,
		};
		snapshot->sites[i] = (struct allot_site){
			.stack = ALLOT_NODE_FIRST + i,
			.ever = { blocks * (16 + i % 64), blocks },
		};
	}
	snapshot->node_count = ALLOT_NODE_FIRST + count;
	snapshot->site_count = count;
	ck_assert_int_eq(allotp_snapshot_write(snapshot, path, NULL), 0);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_lt(status.st_size, count * 12);
	allotp_snapshot_free(snapshot);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tcase = tcase_create("snapshot");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, empty_snapshot_has_the_fixed_entries);
	tcase_add_test(tcase, empty_snapshot_round_trips);
	tcase_add_loop_test(tcase, rich_snapshots_round_trip, 0, 50);
	tcase_add_test(tcase, symbol_is_found_by_module_address_and_signal);
	tcase_add_test(tcase, snapshot_without_symbols_has_none);
	tcase_add_loop_test(tcase, writer_refuses_what_breaks_a_promise, 0, 21);
	tcase_add_test(tcase, sites_take_few_bytes);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
