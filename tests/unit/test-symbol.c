/* SPDX-License-Identifier: MIT */
/* Tests lib/symbol on libraries whose functions and lines are known, in all the states that a file is met in. */
#include "symbol/ahead.h"
#include "symbol/symbol.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fixtures/frames.h"
#include "unit.h"

/* Far from where anything is loaded here: only the snapshot's bias may count. */
#define BIAS UINT64_C(0x7e5500000000)

static const uint8_t build_id[20] = { 0xa1, 0x10, 0x70, [19] = 0x01 };

static char directory[3072];
static struct frames frames, cxx_frames; /* addresses as the file counts them */
static const char *const source_c = "/tests/unit/fixtures/frames.c";
static const char *const source_cxx = "/tests/unit/fixtures/frames.cc";

static void load(const char *name, struct frames *out)
{
	char path[4096];
	struct link_map *map;
	frames_run_fn *run;
	void *library;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	library = dlopen(path, RTLD_NOW);
	if (!library) {
		printf("Bail out! %s\n", dlerror());
		exit(EXIT_FAILURE);
	}
	dlinfo(library, RTLD_DI_LINKMAP, &map);
	run = (frames_run_fn *)dlsym(library, "frames_run");
	run(out);
	for (size_t i = 0; i < sizeof(out->noted) / sizeof(out->noted[0]); i++) {
		if (out->noted[i].address)
			out->noted[i].address = (char *)out->noted[i].address - map->l_addr;
	}
}

/* A snapshot with one module, and a node for each address noted by the fixture, from ALLOT_NODE_FIRST on. */
static struct allot_snapshot *make_snapshot(const char *name, const struct frames *from)
{
	struct allot_snapshot *snapshot = allotp_snapshot_new();
	char path[4096];

	ck_assert_ptr_nonnull(snapshot);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	snapshot->start_time_ns = (uint64_t)time(NULL) * 1000000000;
	snapshot->time_ns = 1000000000;
	snapshot->modules = realloc(snapshot->modules, 2 * sizeof(*snapshot->modules));
	snapshot->modules[1] = (struct allot_module){
		.path = strdup(path), .start = BIAS, .end = BIAS + 0x100000, .bias = BIAS, .build_id_size = 20
	};
	memcpy(snapshot->modules[1].build_id, build_id, sizeof(build_id));
	snapshot->module_count = 2;
	snapshot->nodes = realloc(snapshot->nodes, (ALLOT_NODE_FIRST + 8) * sizeof(*snapshot->nodes));
	for (uint32_t i = 0; i < 8; i++)
		snapshot->nodes[ALLOT_NODE_FIRST + i] = (struct allot_node){
			.address = BIAS + (uintptr_t)from->noted[i].address, .parent = ALLOT_NODE_ROOT, .module = 1
		};
	snapshot->node_count = ALLOT_NODE_FIRST + 8;
	return snapshot;
}

static struct allot_resolver *make_resolver(const struct allot_snapshot *snapshot, const char *debug_path)
{
	struct allot_resolver *resolver;

	ck_assert_int_eq(allotp_resolver_new(snapshot, NULL, NULL, &resolver), 0);
	ck_assert_int_eq(allotp_resolver_set_debug_path(resolver, debug_path), 0);
	return resolver;
}

/* The nowhere of the tests that must find nothing but what lies beside the file. */
#define BESIDE ":"

static void assert_ends_with(const char *text, const char *end)
{
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_ge(strlen(text), strlen(end));
	ck_assert_str_eq(text + strlen(text) - strlen(end), end);
}

static void assert_frame(const struct allot_symbol *symbol, uint32_t index, const char *function, const char *file,
			 int line)
{
	const struct allot_frame *frame = &symbol->frames[index];

	ck_assert_uint_lt(index, symbol->frame_count);
	ck_assert_pstr_eq(frame->function, function);
	if (file)
		assert_ends_with(frame->file, file);
	else
		ck_assert_ptr_null(frame->file);
	ck_assert_uint_eq(frame->line, (unsigned)line);
	ck_assert_int_eq(frame->inlined, index + 1 < symbol->frame_count);
}

static void assert_plain(const struct allot_symbol *symbol, const char *function, const char *file, int line)
{
	ck_assert_uint_eq(symbol->frame_count, 1);
	assert_frame(symbol, 0, function, file, line);
}

/* Everything that debug information tells of frames.c. */
static void assert_all_known(struct allot_resolver *resolver)
{
	const struct allot_symbol *inlined = allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_INLINED);

	assert_plain(allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_PLAIN), "frames_plain", source_c,
		     frames.noted[NOTED_PLAIN].line);
	assert_plain(allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_HIDDEN), "frames_hidden", source_c,
		     frames.noted[NOTED_HIDDEN].line);
	assert_plain(allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_STATIC), "frames_static", source_c,
		     frames.noted[NOTED_STATIC].line);
	ck_assert_uint_eq(inlined->frame_count, 3);
	assert_frame(inlined, 0, "inlined_inner", source_c, frames.noted[NOTED_INLINED].line);
	assert_frame(inlined, 1, "inlined_middle", source_c, frames.middle_line);
	assert_frame(inlined, 2, "frames_outer", source_c, frames.outer_line);
	ck_assert_int_eq(allotp_module_symbols(resolver, 1), ALLOT_SYMBOLS_FULL);
}

/* What is left of frames.c when only tables of symbols are there; NULL: no name. */
static void assert_functions(struct allot_resolver *resolver, const char *exported, const char *hidden)
{
	const char *names[] = { exported ? "frames_plain" : NULL, exported ? "frames_outer" : NULL,
				hidden ? "frames_hidden" : NULL };

	for (uint32_t i = NOTED_PLAIN; i <= NOTED_HIDDEN; i++)
		assert_plain(allotp_resolve(resolver, ALLOT_NODE_FIRST + i), names[i], NULL, 0);
}

static void check_all_known(const char *name, const char *debug_path)
{
	struct allot_snapshot *snapshot = make_snapshot(name, &frames);
	struct allot_resolver *resolver = make_resolver(snapshot, debug_path);

	assert_all_known(resolver);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}

static void check_functions(const char *name, const char *debug_path, const char *exported, const char *hidden,
			    enum allot_module_symbols state)
{
	struct allot_snapshot *snapshot = make_snapshot(name, &frames);
	struct allot_resolver *resolver = make_resolver(snapshot, debug_path);

	ck_assert_int_eq(allotp_module_symbols(resolver, 1), ALLOT_SYMBOLS_UNTRIED);
	assert_functions(resolver, exported, hidden);
	ck_assert_int_eq(allotp_module_symbols(resolver, 1), state);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}

START_TEST(reads_debug_information)
{
	check_all_known("frames.so", BESIDE);
}
END_TEST

START_TEST(reads_dwarf_4)
{
	check_all_known("frames-dwarf4.so", BESIDE);
}
END_TEST

START_TEST(reads_split_dwarf)
{
	check_all_known("frames-split.so", BESIDE);
}
END_TEST

START_TEST(follows_a_debuglink)
{
	check_all_known("frames-link.so", BESIDE);
}
END_TEST

START_TEST(takes_what_was_read_ahead)
{
	struct allot_snapshot *snapshot = make_snapshot("frames-stripped.so", &frames);
	struct allot_module other = { .path = "/no/such/file.so", .build_id_size = 20 };
	struct allot_resolver *resolver;
	struct allot_ahead ahead;

	ck_assert_int_eq(allotp_ahead_init(&ahead), 0);
	ck_assert_int_gt(asprintf(&ahead.context->debug_path, ":.debug:-%s/debug", directory), 0);
	for (int i = 0; i < 2; i++) {
		allotp_ahead_read(&ahead, &snapshot->modules[1]);
		allotp_ahead_read(&ahead, &other);
	}
	ck_assert_uint_eq(ahead.count, 2);
	ck_assert_ptr_nonnull(ahead.objects[0].object);
	ck_assert_ptr_null(ahead.objects[1].object);
	ck_assert_ptr_null(allotp_ahead_take(&ahead, &other));
	ck_assert_int_eq(allotp_resolver_new_ahead(snapshot, NULL, NULL, &ahead, &resolver), 0);
	ck_assert_ptr_null(ahead.context);
	ck_assert_uint_eq(ahead.count, 0);
	assert_all_known(resolver);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(finds_a_debug_file_by_build_id)
{
	char path[4096];

	snprintf(path, sizeof(path), ":.debug:-%s/debug", directory);
	check_all_known("frames-stripped.so", path);
	/* The file itself need not be there, or may be another one by now. */
	check_all_known("frames-gone.so", path);
	check_all_known("frames-rebuilt.so", path);
}
END_TEST

START_TEST(asks_debuginfod)
{
	char cache[] = "/tmp/allot-test-XXXXXX";
	char command[64];
	char url[4096];

	ck_assert_ptr_nonnull(mkdtemp(cache));
	snprintf(url, sizeof(url), "file://%s/server", directory);
	setenv("DEBUGINFOD_URLS", url, 1);
	setenv("DEBUGINFOD_CACHE_PATH", cache, 1);
	check_all_known("frames-stripped.so", BESIDE);
	check_all_known("frames-gone.so", BESIDE);
	check_all_known("frames-rebuilt.so", BESIDE);
	snprintf(command, sizeof(command), "rm -r %s", cache);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(falls_back_on_the_symbol_table)
{
	check_functions("frames-table.so", BESIDE, "exported", "hidden", ALLOT_SYMBOLS_TABLE);
}
END_TEST

START_TEST(unpacks_the_mini_symbol_table)
{
	check_functions("frames-mini.so", BESIDE, "exported", "hidden", ALLOT_SYMBOLS_TABLE);
}
END_TEST

START_TEST(knows_exported_functions_of_a_stripped_file)
{
	check_functions("frames-stripped.so", BESIDE, "exported", NULL, ALLOT_SYMBOLS_DYNAMIC);
}
END_TEST

START_TEST(knows_nothing_where_nothing_is_known)
{
	check_functions("frames-nameless.so", BESIDE, NULL, NULL, ALLOT_SYMBOLS_NONE);
	check_functions("frames-gone.so", BESIDE, NULL, NULL, ALLOT_SYMBOLS_MISSING);
	/* A directory, a text: no file to read names from. */
	check_functions(".", BESIDE, NULL, NULL, ALLOT_SYMBOLS_MISSING);
}
END_TEST

START_TEST(does_not_believe_a_rebuilt_file)
{
	check_functions("frames-rebuilt.so", BESIDE, NULL, NULL, ALLOT_SYMBOLS_REBUILT);
	check_functions("frames-unnumbered.so", BESIDE, NULL, NULL, ALLOT_SYMBOLS_REBUILT);
}
END_TEST

START_TEST(tells_files_without_build_id_by_their_age)
{
	struct allot_snapshot *snapshot = make_snapshot("frames-unnumbered.so", &frames);
	struct allot_resolver *resolver;
	struct stat status;

	snapshot->modules[1].build_id_size = 0;
	ck_assert_int_eq(stat(snapshot->modules[1].path, &status), 0);
	snapshot->start_time_ns = (uint64_t)status.st_mtim.tv_sec * 1000000000;
	snapshot->time_ns = (uint64_t)status.st_mtim.tv_nsec;
	resolver = make_resolver(snapshot, BESIDE);
	assert_all_known(resolver);
	allotp_resolver_free(resolver);

	snapshot->start_time_ns -= 1;
	resolver = make_resolver(snapshot, BESIDE);
	assert_functions(resolver, NULL, NULL);
	ck_assert_int_eq(allotp_module_symbols(resolver, 1), ALLOT_SYMBOLS_REBUILT);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(demangles_cxx)
{
	struct allot_snapshot *snapshot = make_snapshot("frames-cxx.so", &cxx_frames);
	struct allot_resolver *resolver;
	const struct {
		int which;
		const char *function;
	} expected[] = {
		{ NOTED_TEMPLATE, "void shape::box<int>::put<char*>(frames*, char*)" },
		{ NOTED_METHOD, "shape::box<int>::seal(frames*) const" },
		{ NOTED_LAMBDA, cxx_frames.lambda },
		{ NOTED_ANONYMOUS, cxx_frames.unnamed },
		{ NOTED_EXTERN, "frames_extern" },
	};

	resolver = make_resolver(snapshot, BESIDE);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct allot_symbol *symbol =
			allotp_resolve(resolver, ALLOT_NODE_FIRST + (uint32_t)expected[i].which);

		assert_frame(symbol, 0, expected[i].function, source_cxx, cxx_frames.noted[expected[i].which].line);
	}
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(looks_up_before_a_return_address_and_at_an_interrupted_one)
{
	struct allot_snapshot *snapshot = make_snapshot("frames.so", &frames);
	struct allot_resolver *resolver;
	struct allot_node *node = &snapshot->nodes[ALLOT_NODE_FIRST];
	void *library = dlopen(snapshot->modules[1].path, RTLD_NOW);
	const char *outer = dlsym(library, "frames_outer");
	const struct allot_symbol *before, *at;
	struct link_map *map;

	ck_assert_ptr_nonnull(outer);
	dlinfo(library, RTLD_DI_LINKMAP, &map);
	/* A function that never returns may end in its call: the return address is the next function's first. */
	node[0].address = BIAS + (uintptr_t)outer - map->l_addr;
	node[1] = node[0];
	node[1].flags = ALLOT_NODE_SIGNAL;
	/* The trampoline that the handler returns to: nobody has called it, so it begins at its own address. */
	node[2] = node[0];
	node[2].parent = ALLOT_NODE_FIRST + 1;
	resolver = make_resolver(snapshot, BESIDE);
	before = allotp_resolve(resolver, ALLOT_NODE_FIRST);
	at = allotp_resolve(resolver, ALLOT_NODE_FIRST + 1);
	ck_assert_pstr_ne(before->frames[before->frame_count - 1].function, "frames_outer");
	ck_assert_pstr_eq(at->frames[at->frame_count - 1].function, "frames_outer");
	ck_assert_ptr_eq(allotp_resolve(resolver, ALLOT_NODE_FIRST + 2), at);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
	dlclose(library);
}
END_TEST

START_TEST(gives_equal_things_equal_pointers)
{
	struct allot_snapshot *snapshot = make_snapshot("frames.so", &frames);
	struct allot_resolver *resolver;
	const struct allot_symbol *plain, *hidden;

	snapshot->nodes[ALLOT_NODE_FIRST + 6] = snapshot->nodes[ALLOT_NODE_FIRST + NOTED_PLAIN];
	snapshot->nodes[ALLOT_NODE_FIRST + 6].parent = ALLOT_NODE_FIRST;
	snapshot->nodes[ALLOT_NODE_FIRST + 7].address = snapshot->nodes[ALLOT_NODE_FIRST + NOTED_PLAIN].address - 1;
	resolver = make_resolver(snapshot, BESIDE);
	plain = allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_PLAIN);
	hidden = allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_HIDDEN);
	ck_assert_ptr_eq(allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_PLAIN), plain);
	ck_assert_ptr_eq(allotp_resolve(resolver, ALLOT_NODE_FIRST + 6), plain);
	ck_assert_ptr_ne(allotp_resolve(resolver, ALLOT_NODE_FIRST + 7), plain);
	ck_assert_ptr_eq(allotp_resolve(resolver, ALLOT_NODE_FIRST + 7)->frames[0].function, plain->frames[0].function);
	ck_assert_ptr_eq(plain->frames[0].file, hidden->frames[0].file);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(names_no_code_outside_of_modules)
{
	struct allot_snapshot *snapshot = make_snapshot("frames.so", &frames);
	struct allot_resolver *resolver;

	snapshot->nodes[ALLOT_NODE_FIRST].module = 0;
	snapshot->nodes[ALLOT_NODE_FIRST + 1].address = BIAS + 0x100000 - 1;
	resolver = make_resolver(snapshot, BESIDE);
	for (uint32_t node = ALLOT_NODE_NONE; node <= ALLOT_NODE_FIRST + 1; node++)
		assert_plain(allotp_resolve(resolver, node), NULL, NULL, 0);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(leaves_out_inlined_allocators)
{
	struct allot_snapshot *snapshot = make_snapshot("liballot.so.0", &frames);
	struct allot_resolver *resolver = make_resolver(snapshot, BESIDE);
	const struct allot_symbol *symbol = allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_INLINED);

	/* By its name all of the file is ours; one frame stays, where the innermost would have hidden it. */
	assert_plain(symbol, "frames_outer", source_c, frames.outer_line);
	ck_assert(allotp_symbol_is_allocator(resolver, symbol));
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);

	snapshot = make_snapshot("frames.so", &frames);
	resolver = make_resolver(snapshot, BESIDE);
	ck_assert(!allotp_symbol_is_allocator(resolver, allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_INLINED)));
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

START_TEST(keeps_symbols_in_the_snapshot)
{
	struct allot_snapshot *snapshot = make_snapshot("frames.so", &frames);
	struct allot_resolver *resolver = make_resolver(snapshot, BESIDE);

	for (uint32_t node = ALLOT_NODE_NONE; node < ALLOT_NODE_FIRST + 4; node++)
		ck_assert_ptr_nonnull(allotp_resolve(resolver, node));
	ck_assert_int_eq(allotp_resolver_keep(resolver, snapshot), 0);
	allotp_resolver_free(resolver);
	/* The special nodes have no name to keep. */
	ck_assert_uint_eq(snapshot->symbol_count, 4);
	for (uint32_t i = 1; i < 4; i++)
		ck_assert_uint_lt(snapshot->symbols[i - 1].address, snapshot->symbols[i].address);

	/* On another machine, where the file is not: the same names, and keeping them again changes nothing. */
	free(snapshot->modules[1].path);
	snapshot->modules[1].path = strdup("/nowhere/frames.so");
	resolver = make_resolver(snapshot, BESIDE);
	assert_plain(allotp_resolve(resolver, ALLOT_NODE_FIRST), "frames_plain", source_c,
		     frames.noted[NOTED_PLAIN].line);
	ck_assert_uint_eq(allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_INLINED)->frame_count, 3);
	ck_assert_int_eq(allotp_module_symbols(resolver, 1), ALLOT_SYMBOLS_UNTRIED);
	ck_assert_int_eq(allotp_resolver_keep(resolver, snapshot), 0);
	ck_assert_uint_eq(snapshot->symbol_count, 4);
	allotp_resolver_free(resolver);
	resolver = make_resolver(snapshot, BESIDE);
	assert_frame(allotp_resolve(resolver, ALLOT_NODE_FIRST + NOTED_INLINED), 1, "inlined_middle", source_c,
		     frames.middle_line);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

/* Reads a "FUNCTION\nFILE:LINE:COLUMN\n" pair of eu-addr2line, where FUNCTION may go on with " inlined at …". */
static void read_frame(FILE *from, char *function, char *place, size_t size)
{
	char *colon;

	ck_assert_ptr_nonnull(fgets(function, (int)size, from));
	ck_assert_ptr_nonnull(fgets(place, (int)size, from));
	function[strcspn(function, " \n")] = '\0';
	colon = strrchr(place, ':');
	ck_assert_ptr_nonnull(colon);
	*colon = '\0';
}

START_TEST(agrees_with_addr2line)
{
	struct allot_snapshot *snapshot = make_snapshot("frames.so", &frames);
	struct allot_resolver *resolver = make_resolver(snapshot, BESIDE);

	for (uint32_t i = NOTED_PLAIN; i <= NOTED_STATIC; i++) {
		const struct allot_symbol *symbol = allotp_resolve(resolver, ALLOT_NODE_FIRST + i);
		char command[4096], function[1024], place[1024], expected[1024];
		FILE *from;

		snprintf(command, sizeof(command), "eu-addr2line -i -f -s -e %s/frames.so %#lx", directory,
			 (unsigned long)(uintptr_t)frames.noted[i].address - 1);
		from = popen(command, "r");
		ck_assert_ptr_nonnull(from);
		for (uint32_t frame = 0; frame < symbol->frame_count; frame++) {
			read_frame(from, function, place, sizeof(function));
			ck_assert_str_eq(symbol->frames[frame].function, function);
			snprintf(expected, sizeof(expected), "%s:%u", basename(symbol->frames[frame].file),
				 symbol->frames[frame].line);
			ck_assert_str_eq(expected, place);
		}
		ck_assert_int_eq(fgetc(from), EOF);
		ck_assert_int_eq(pclose(from), 0);
	}
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

static void count_progress(void *context, const char *what, uint64_t done, uint64_t total)
{
	ck_assert_uint_le(done, total);
	*(int *)context += !strcmp(what, "reading symbols of frames.so");
}

START_TEST(tells_of_each_file_it_reads)
{
	struct allot_snapshot *snapshot = make_snapshot("frames.so", &frames);
	struct allot_resolver *resolver;
	int calls = 0;

	ck_assert_int_eq(allotp_resolver_new(snapshot, count_progress, &calls, &resolver), 0);
	ck_assert_ptr_nonnull(allotp_resolve(resolver, ALLOT_NODE_NONE));
	ck_assert_int_eq(calls, 0);
	ck_assert_ptr_nonnull(allotp_resolve(resolver, ALLOT_NODE_FIRST));
	ck_assert_int_ge(calls, 1);
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
}
END_TEST

static bool library_exists(const char *name)
{
	void *library = dlopen(name, RTLD_LAZY);

	if (library)
		dlclose(library);
	return library != NULL;
}

int main(void)
{
	const char *build = getenv("ALLOT_TEST_BUILD");
	Suite *suite = suite_create("symbol");
	TCase *tcase = tcase_create("symbol");

	/* What the user has set up must not decide what is found. */
	unsetenv("DEBUGINFOD_URLS");
	snprintf(directory, sizeof(directory), "%s/tests/unit/fixtures", build ? build : ".");
	load("frames.so", &frames);
	load("frames-cxx.so", &cxx_frames);
	tcase_add_test(tcase, reads_debug_information);
	tcase_add_test(tcase, reads_dwarf_4);
	tcase_add_test(tcase, reads_split_dwarf);
	tcase_add_test(tcase, follows_a_debuglink);
	tcase_add_test(tcase, finds_a_debug_file_by_build_id);
	tcase_add_test(tcase, takes_what_was_read_ahead);
	tcase_add_test(tcase, falls_back_on_the_symbol_table);
	tcase_add_test(tcase, knows_exported_functions_of_a_stripped_file);
	tcase_add_test(tcase, knows_nothing_where_nothing_is_known);
	tcase_add_test(tcase, does_not_believe_a_rebuilt_file);
	tcase_add_test(tcase, tells_files_without_build_id_by_their_age);
	tcase_add_test(tcase, demangles_cxx);
	tcase_add_test(tcase, looks_up_before_a_return_address_and_at_an_interrupted_one);
	tcase_add_test(tcase, gives_equal_things_equal_pointers);
	tcase_add_test(tcase, names_no_code_outside_of_modules);
	tcase_add_test(tcase, leaves_out_inlined_allocators);
	tcase_add_test(tcase, keeps_symbols_in_the_snapshot);
	tcase_add_test(tcase, tells_of_each_file_it_reads);
	if (library_exists("libdebuginfod.so.1"))
		tcase_add_test(tcase, asks_debuginfod);
	else
		puts("# asks_debuginfod is not run: libdebuginfod.so.1 is not installed");
	if (system("command -v eu-addr2line >/dev/null") == 0)
		tcase_add_test(tcase, agrees_with_addr2line);
	else
		puts("# agrees_with_addr2line is not run: eu-addr2line is not installed");
	if (system("command -v xz >/dev/null") == 0)
		tcase_add_test(tcase, unpacks_the_mini_symbol_table);
	else
		puts("# unpacks_the_mini_symbol_table is not run: xz is not installed");
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
