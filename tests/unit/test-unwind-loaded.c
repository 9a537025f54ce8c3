/* SPDX-License-Identifier: MIT */
/* Tests lib/unwind/loaded-maps.c, which stands in for _dl_find_object: against what the loader says of its files. */
#include "unwind/loaded.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mapping.h"
#include "unit.h"
#include "unwind-hook.h"

static const char *plugin_path(char letter)
{
	static char path[4096];
	const char *build = getenv("ALLOT_TEST_BUILD");

	snprintf(path, sizeof(path), "%s/.libs/unwind-plugin-%c.so", build ? build : ".", letter);
	return path;
}

static void *load(char letter, uint64_t *address)
{
	void *plugin = dlopen(plugin_path(letter), RTLD_NOW);

	ck_assert_msg(plugin != NULL, "%s", dlerror());
	*address = (uintptr_t)dlsym(plugin, "plugin_call");
	return plugin;
}

/* What is found at an address of the file, against its program headers. NULL: no difference. */
static const char *compare(const struct dl_phdr_info *info)
{
	uint64_t code = 0, eh_frame_hdr = 0, low = UINT64_MAX, high = 0;
	struct allotp_loaded found;

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_GNU_EH_FRAME)
			eh_frame_hdr = start;
		if (header->p_type != PT_LOAD)
			continue;
		if (header->p_flags & PF_X)
			code = start + header->p_filesz / 2;
		low = start < low ? start & ~UINT64_C(4095) : low;
		high = start + header->p_memsz > high ? start + header->p_memsz : high;
	}
	if (allotp_loaded_find(code, &found) != 0)
		return "not found";
	if (found.bias != info->dlpi_addr)
		return "another bias";
	if (found.eh_frame_hdr != eh_frame_hdr)
		return "another .eh_frame_hdr";
	return found.start == low && found.end == high ? NULL : "another extent";
}

static int compare_one(struct dl_phdr_info *info, size_t size, void *count)
{
	const char *difference = compare(info);

	(void)size;
	++*(int *)count;
	ck_assert_msg(!difference, "%s: %s", info->dlpi_name, difference);
	return 0;
}

START_TEST(as_the_loader_has_them)
{
	uint64_t address;
	void *plugin = load('a', &address);

	for (int again = 0; again < 3; again++) {
		int count = 0;

		dl_iterate_phdr(compare_one, &count);
		ck_assert_int_gt(count, 3);
		allotp_loaded_check();
	}
	dlclose(plugin);
}
END_TEST

START_TEST(names)
{
	struct allotp_loaded found;

	ck_assert_int_eq(allotp_loaded_find((uintptr_t)compare, &found), 0);
	ck_assert_str_eq(found.name, "");
	ck_assert_int_eq(allotp_loaded_find((uintptr_t)dlsym(RTLD_DEFAULT, "getpid"), &found), 0);
	ck_assert_ptr_null(found.name);
}
END_TEST

START_TEST(no_file)
{
	struct allotp_loaded found = { .start = 77 };
	void *heap = malloc(100);

	for (int i = 0; i < 5000; i++) {
		ck_assert_int_eq(allotp_loaded_find((uintptr_t)heap, &found), -ENOENT);
		ck_assert_int_eq(allotp_loaded_find((uintptr_t)&found, &found), -ENOENT);
		ck_assert_int_eq(allotp_loaded_find(0, &found), -ENOENT);
		ck_assert_int_eq(allotp_loaded_find(UINT64_MAX, &found), -ENOENT);
	}
	ck_assert_uint_eq(found.start, 77);
	free(heap);
}
END_TEST

/* More often than there is room for files. */
START_TEST(unloaded_and_loaded_again)
{
	struct allotp_loaded first = { 0 }, found;
	uint64_t address;

	for (int i = 0; i < 1200; i++) {
		void *plugin = load(i % 2 ? 'b' : 'a', &address);

		ck_assert_int_eq(allotp_loaded_find(address, &found), 0);
		if (i == 0)
			first = found;
		/* Two files in one place are told apart. */
		if (found.start == first.start)
			ck_assert_int_eq(found.identity == first.identity, i % 2 == 0);
		dlclose(plugin);
		allotp_loaded_check();
		ck_assert_int_eq(allotp_loaded_find(address, &found), -ENOENT);
		allotp_loaded_check(); /* that it was not there is remembered for a while */
	}
}
END_TEST

static volatile int stop;

static void *look(void *unused)
{
	const uint64_t addresses[] = { (uintptr_t)compare, (uintptr_t)dlsym(RTLD_DEFAULT, "getpid"),
				       (uintptr_t)dlsym(RTLD_DEFAULT, "srunner_run_all") };
	struct allotp_loaded found;

	(void)unused;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		for (int i = 0; i < 3; i++)
			if (allotp_loaded_find(addresses[i], &found) != 0 || addresses[i] < found.start ||
			    addresses[i] >= found.end)
				return (void *)addresses[i];
	return NULL;
}

START_TEST(threads)
{
	struct allotp_loaded found;
	uint64_t address;
	pthread_t ids[3];

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&ids[i], NULL, look, NULL), 0);
	for (int i = 0; i < 200; i++) {
		void *plugin = load(i % 2 ? 'b' : 'a', &address);

		ck_assert_int_eq(allotp_loaded_find(address, &found), 0);
		dlclose(plugin);
		allotp_loaded_check();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 3; i++) {
		void *wrong;

		ck_assert_int_eq(pthread_join(ids[i], &wrong), 0);
		ck_assert_ptr_null(wrong);
	}
}
END_TEST

START_TEST(quiet)
{
	struct allotp_loaded found;
	uint64_t address, known = (uintptr_t)dlsym(RTLD_DEFAULT, "getpid");
	void *plugin;

	ck_assert_int_eq(allotp_loaded_find(known, &found), 0);
	allotp_mapping_hush();
	plugin = load('a', &address);
	ck_assert_int_eq(allotp_loaded_find(address, &found), -ENOENT);
	allotp_loaded_check();
	ck_assert_int_eq(allotp_loaded_find(known, &found), 0);
	dlclose(plugin);
}
END_TEST

START_TEST(walks)
{
	static struct hook hook;

	ck_assert(hook_setup());
	hook_make(&hook, 1024);
	hook_check(&hook);
	ck_assert_msg(hook.differing == 0, "%s", hook.difference);
	ck_assert_uint_eq(hook.last.status, ALLOT_WALK_COMPLETE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind-loaded");
	TCase *tests = tcase_create("loaded");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, as_the_loader_has_them);
	tcase_add_test(tests, names);
	tcase_add_test(tests, no_file);
	tcase_add_test(tests, unloaded_and_loaded_again);
	tcase_add_test(tests, threads);
	tcase_add_test(tests, quiet);
	if (!UNIT_UNDER_TSAN) /* where libunwind does not work */
		tcase_add_test(tests, walks);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
