/* SPDX-License-Identifier: MIT */
/* Tests what makes call sites the same in two builds: folded names, identities, and changes that only moved. */
#include "gate/identity.h"

#include <stdio.h>
#include <string.h>

#include "gate/change.h"
#include "gate/fold.h"
#include "gate/place.h"
#include "report-sample.h"
#include "unit.h"

static const struct {
	const char *path, *folded;
} modules[] = {
	{ "/usr/bin/prog", "prog" },
	{ "/usr/lib/x86_64-linux-gnu/libfoo.so.1.2.3", "libfoo" },
	{ "/opt/libfoo.so", "libfoo" },
	{ "/usr/lib/libglib-2.0.so.0.7400.6", "libglib" },
	{ "/build/.libs/lt-prog", "prog" },
	{ "/opt/prog-1.2.3", "prog" },
	{ "/opt/prog-debug", "prog-debug" },
	{ "/opt/prog-2x", "prog-2x" },
	{ "/tmp/a.sock", "a.sock" },
	{ "_json.cpython-311-x86_64-linux-gnu.so", "_json.cpython-311-x86_64-linux-gnu" },
	{ "/lib64/ld-linux-x86-64.so.2", "ld-linux-x86" },
	{ ".so", ".so" },
	{ "lt-", "lt-" },
	{ "-1", "-1" },
	{ "", "" },
};

START_TEST(folds_modules)
{
	char *folded = allotp_fold_module(modules[_i].path);

	ck_assert_str_eq(folded, modules[_i].folded);
	free(folded);
}
END_TEST

static const struct {
	const char *name, *folded, *in_libc;
} functions[] = {
	{ "parse", "parse", "parse" },
	{ "parse.isra.0", "parse", "parse" },
	{ "parse.constprop.0.isra.0", "parse", "parse" },
	{ "parse.part.3.cold", "parse", "parse" },
	{ "parse.llvm.1234567890", "parse", "parse" },
	{ "_ZL5parsei.lto_priv.0", "_ZL5parsei", "_ZL5parsei" },
	{ "parse(int, char**) [clone .isra.0]", "parse", "parse" },
	{ "parse(int) const [clone .part.0] [clone .cold]", "parse", "parse" },
	{ "Parser::parse(int) const &", "Parser::parse", "Parser::parse" },
	{ "void push<int>(std::vector<int>&, void (*)(int))", "void push<int>", "void push<int>" },
	{ "(anonymous namespace)::f(int)", "(anonymous namespace)::f", "(anonymous namespace)::f" },
	{ "f(int)::{lambda(char)#1}::operator()(char) const", "f::{lambda#1}::operator()",
	  "f::{lambda#1}::operator()" },
	{ "A::operator()(int)", "A::operator()", "A::operator()" },
	{ "operator<<(std::ostream&, A const&)", "operator<<", "operator<<" },
	{ "core::fmt::Write::write_fmt", "core::fmt::Write::write_fmt", "core::fmt::Write::write_fmt" },
	{ ".hidden", ".hidden", ".hidden" },
	{ "f(", "f", "f" },
	{ "f)", "f)", "f)" },
	{ "", "", "" },
	{ "__strdup", "__strdup", "strdup" },
	{ "__printf_chk", "__printf_chk", "printf" },
	{ "_IO_new_fopen", "_IO_new_fopen", "fopen" },
	{ "fopen64", "fopen64", "fopen" },
	{ "__isoc99_sscanf", "__isoc99_sscanf", "sscanf" },
	{ "_IO_puts", "_IO_puts", "puts" },
	{ "__", "__", "__" },
	{ "64", "64", "64" },
};

START_TEST(folds_functions)
{
	char *folded = allotp_fold_function(functions[_i].name, false);
	char *in_libc = allotp_fold_function(functions[_i].name, true);

	ck_assert_str_eq(folded, functions[_i].folded);
	ck_assert_str_eq(in_libc, functions[_i].in_libc);
	free(folded);
	free(in_libc);
}
END_TEST

/* ---- identities ---- */

static struct allot_trace_frame frame_of(const char *text)
{
	static char copies[64][64];
	static unsigned next;
	char *module = copies[next++ % 64], *name;

	snprintf(module, sizeof(copies[0]), "%s", text);
	name = strchr(module, '!');
	*name++ = '\0';
	return (struct allot_trace_frame){
		.path = module, .module = module, .function = *name ? name : NULL, .name = *name ? name : NULL
	};
}

/* The identity of "module!function module!function …", innermost first, as "function;function…" */
static char *identity_of(const char *stack, const char *domain)
{
	struct allot_trace_frame frames[16];
	const struct allot_trace_frame *pointers[16];
	struct allot_trace trace = { pointers, 0, 0 };
	struct allot_keys *keys;
	char *copy = strdup(stack), *rest = copy, *one, *text;
	uint32_t key;

	while ((one = strsep(&rest, " ")))
		if (*one) {
			frames[trace.count] = frame_of(one);
			pointers[trace.count] = &frames[trace.count];
			trace.count++;
		}
	ck_assert_int_eq(allotp_keys_new(&keys), 0);
	ck_assert_int_eq(allotp_identity_key(keys, &trace, domain, &key), 0);
	text = allotp_keys_text(keys, key);
	allotp_keys_free(keys);
	free(copy);
	return text;
}

static const struct {
	const char *stack, *identity;
} identities[] = {
	{ "p!parse p!main libc!__libc_start_call_main libc!__libc_start_main p!_start", "parse;main" },
	{ "p!work libc!start_thread libc!clone3", "work" },
	{ "p!f p!f p!f p!main", "f;main" },                                /* recursion */
	{ "p!f p!g p!f p!main", "f;g;f;main" },                            /* but not that of two functions */
	{ "p!f q!f p!main", "f;f;main" },                                  /* of two modules */
	{ "libc!doallocate libc!overflow libc!puts p!main", "puts;main" }, /* the C library's own frames */
	{ "p!compare libc!msort libc!qsort p!main", "compare;qsort;main" },
	{ "libc!strdup libc!exit libc!start", "start" }, /* nothing else is there */
	{ "p! p! q! p!main", ";;main" },                 /* p, q, main */
	{ "", "[no stack]" },
};

START_TEST(identifies_stacks)
{
	char *text = identity_of(identities[_i].stack, "malloc");

	ck_assert_str_eq(text, identities[_i].identity);
	free(text);
}
END_TEST

START_TEST(a_domain_is_a_part_of_it)
{
	char *text = identity_of("p!f p!main", "mmap");

	ck_assert_str_eq(text, "f;main;mmap");
	free(text);
}
END_TEST

START_TEST(fingerprints_stay)
{
	struct allot_keys *keys;
	uint32_t label, key;

	ck_assert_int_eq(allotp_keys_new(&keys), 0);
	ck_assert_int_eq(allotp_keys_label(keys, "prog", 0, "main", &label), 0);
	ck_assert_int_eq(allotp_keys_add(keys, 0, label, &key), 0);
	ck_assert_str_eq(allotp_identity_fingerprint(keys, key).text, "41fb4af068e752a2");
	allotp_keys_free(keys);
}
END_TEST

/* ---- changes ---- */

/* A site: "function function …" of the program, innermost first, and what it holds. */
struct site {
	const char *stack;
	uint64_t bytes, blocks;
};

#define SITES 6

static struct allot_snapshot *make(const struct site *sites)
{
	struct allot_snapshot *snapshot = sample_new();
	uint64_t offset = 0x100;

	for (int i = 0; i < SITES && sites[i].stack; i++) {
		char *copy = strdup(sites[i].stack), *one;
		uint32_t node = ALLOT_NODE_ROOT;

		while ((one = strrchr(copy, ' '))) {
			node = sample_frame(snapshot, node, offset += 16, one + 1);
			*one = '\0';
		}
		node = sample_frame(snapshot, node, offset += 16, copy);
		sample_site(snapshot, node, (struct allot_count){ sites[i].bytes, sites[i].blocks },
			    (struct allot_count){ sites[i].bytes, sites[i].blocks });
		free(copy);
	}
	return snapshot;
}

struct side {
	struct allot_snapshot *snapshot;
	struct allot_view view;
	struct allot_ledger ledger;
};

static void open_side(struct side *side, const struct site *sites, struct allot_keys *keys)
{
	struct allot_suppressions none = { 0 };

	side->snapshot = make(sites);
	side->view.snapshot = side->snapshot;
	ck_assert_int_eq(allotp_resolver_new(side->snapshot, NULL, NULL, &side->view.resolver), 0);
	ck_assert_int_eq(allotp_ledger_init(&side->ledger, &side->view, keys, &none, false, NULL, NULL), 0);
}

static void close_side(struct side *side)
{
	allotp_ledger_release(&side->ledger);
	allotp_resolver_free(side->view.resolver);
	allotp_snapshot_free(side->snapshot);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What has changed, a line for each call site that is not as before: "stack +bytes/+blocks", with "=N" if it moved. */
static char *changes_of(const struct site *before, const struct site *now)
{
	struct allot_changes changes;
	struct allot_keys *keys;
	struct side new, old;
	char *lines[2 * SITES], *all = calloc(1, 2048);
	size_t count = 0;

	ck_assert_int_eq(allotp_keys_new(&keys), 0);
	open_side(&old, before, keys);
	open_side(&new, now, keys);
	ck_assert_int_eq(allotp_changes_init(&changes, keys, &new.ledger, &old.ledger, ALLOT_QUANTITY_LIVE), 0);
	for (uint32_t i = 0; i < changes.count; i++) {
		const struct allot_change *change = &changes.list[i];
		long long bytes = (long long)(change->count.bytes - change->count_before.bytes);
		long long blocks = (long long)(change->count.blocks - change->count_before.blocks);
		char *text = allotp_keys_text(keys, change->key);

		if (bytes || blocks) {
			if (change->moved)
				ck_assert_int_gt(asprintf(&lines[count++], "%s %+lld/%+lld =%u\n", text, bytes, blocks,
							  change->moved),
						 0);
			else
				ck_assert_int_gt(asprintf(&lines[count++], "%s %+lld/%+lld\n", text, bytes, blocks), 0);
		} else {
			ck_assert_uint_eq(change->moved, 0);
		}
		free(text);
	}
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	for (size_t i = 0; i < count; i++) {
		strcat(all, lines[i]);
		free(lines[i]);
	}
	allotp_changes_release(&changes);
	close_side(&old);
	close_side(&new);
	allotp_keys_free(keys);
	return all;
}

static const struct {
	const char *what;
	struct site before[SITES], now[SITES];
	const char *changes;
} moves[] = {
	{ "nothing", { { "f main", 10, 1 } }, { { "f main", 10, 1 } }, "" },
	{ "growth", { { "f main", 10, 1 } }, { { "f main", 30, 3 } }, "f;main +20/+2\n" },
	{ "clones and recursion",
	  { { "f.isra.0 f main", 10, 1 }, { "g main", 5, 1 } },
	  { { "g.constprop.1 main", 5, 1 }, { "f main", 10, 1 } },
	  "" },
	{ "stacks that fold to one are added up",
	  { { "f main", 10, 1 }, { "f f main", 10, 1 } },
	  { { "f f f main", 20, 2 } },
	  "" },
	{ "a function is renamed",
	  { { "f parse main", 10, 1 } },
	  { { "f parse_all main", 10, 1 } },
	  "f;parse;main -10/-1 =1\nf;parse_all;main +10/+1 =1\n" },
	{ "a function that is there twice is renamed",
	  { { "f parse g parse main", 10, 1 } },
	  { { "f scan g scan main", 10, 1 } },
	  "f;parse;g;parse;main -10/-1 =1\nf;scan;g;scan;main +10/+1 =1\n" },
	{ "two functions are renamed: too far",
	  { { "f g main", 10, 1 } },
	  { { "h i main", 10, 1 } },
	  "f;g;main -10/-1\nh;i;main +10/+1\n" },
	{ "nothing is the same: too far", { { "f", 10, 1 } }, { { "g", 10, 1 } }, "f -10/-1\ng +10/+1\n" },
	{ "a function is split",
	  { { "parse main", 10, 1 } },
	  { { "parse_inner parse main", 10, 1 } },
	  "parse;main -10/-1 =1\nparse_inner;parse;main +10/+1 =1\n" },
	{ "calls are inlined without a trace",
	  { { "xmalloc add parse run main", 10, 1 } },
	  { { "parse main", 10, 1 } },
	  "parse;main +10/+1 =1\nxmalloc;add;parse;run;main -10/-1 =1\n" },
	{ "too little is left",
	  { { "xmalloc add parse main", 10, 1 } },
	  { { "main", 10, 1 } },
	  "main +10/+1\nxmalloc;add;parse;main -10/-1\n" },
	{ "other bytes are no move",
	  { { "f g main", 10, 1 } },
	  { { "f h main", 11, 1 } },
	  "f;g;main -10/-1\nf;h;main +11/+1\n" },
	{ "nor are other blocks",
	  { { "f g main", 10, 1 } },
	  { { "f h main", 10, 2 } },
	  "f;g;main -10/-1\nf;h;main +10/+2\n" },
	{ "a part of a site moves",
	  { { "f main", 30, 3 }, { "f g main", 10, 1 } },
	  { { "f main", 20, 2 }, { "f g main", 20, 2 } },
	  "f;g;main +10/+1 =1\nf;main -10/-1 =1\n" },
	{ "the nearest is taken",
	  { { "a b c main", 10, 1 } },
	  { { "a main", 10, 1 }, { "a b main", 10, 1 } },
	  "a;b;c;main -10/-1 =1\na;b;main +10/+1 =1\na;main +10/+1\n" },
	{ "several join",
	  { { "xmalloc a main", 10, 1 }, { "xmalloc b main", 20, 2 } },
	  { { "xmalloc main", 30, 3 } },
	  "xmalloc;a;main -10/-1 =1\nxmalloc;b;main -20/-2 =1\nxmalloc;main +30/+3 =1\n" },
	{ "one falls apart",
	  { { "xmalloc main", 30, 3 } },
	  { { "xmalloc a main", 10, 1 }, { "xmalloc b main", 20, 2 } },
	  "xmalloc;a;main +10/+1 =1\nxmalloc;b;main +20/+2 =1\nxmalloc;main -30/-3 =1\n" },
	{ "several join and grow: that is growth",
	  { { "xmalloc a main", 10, 1 }, { "xmalloc b main", 20, 2 } },
	  { { "xmalloc main", 40, 4 } },
	  "xmalloc;a;main -10/-1\nxmalloc;b;main -20/-2\nxmalloc;main +40/+4\n" },
	{ "more bytes in fewer blocks are no move",
	  { { "f main", 10, 2 }, { "f g main", 1, 0 } },
	  { { "f main", 11, 1 } },
	  "f;g;main -1/+0\nf;main +1/-1\n" },
};

START_TEST(finds_what_moved)
{
	char *text = changes_of(moves[_i].before, moves[_i].now);

	ck_assert_msg(!strcmp(text, moves[_i].changes), "%s:\n%s", moves[_i].what, text);
	free(text);
}
END_TEST

/* ---- places ---- */

static const struct {
	const char *file, *name;
	bool below;
} files[] = {
	{ "/src/words.c", "words.c", true },
	{ "/src/a/../words.c", "words.c", true },
	{ "/src/build/../lib/./x//words.c", "lib/x/words.c", true },
	{ "/usr/include/c++/12/vector", "/usr/include/c++/12/vector", false },
	{ "/src/../etc/x.c", "/etc/x.c", false },
	{ "/srcs/x.c", "/srcs/x.c", false },
	{ "words.c", "words.c", false },
	{ "a/../b.c", "b.c", false },
	{ "../b.c", "../b.c", false },
	{ "../../b.c", "../../b.c", false },
	{ "./b.c", "b.c", false },
	{ "/..", "/..", false },
	{ "", "", false },
};

START_TEST(shows_files)
{
	bool below;
	char *name = allotp_place_file(files[_i].file, "/src/", &below);

	ck_assert_str_eq(name, files[_i].name);
	ck_assert(below == files[_i].below);
	free(name);
}
END_TEST

START_TEST(shows_places)
{
	static const struct allot_trace_frame dup = { "/lib/libc.so.6", "strdup", "string/strdup.c", 42,
						      "libc",           "strdup" };
	static const struct allot_trace_frame vector = { "/bin/p", "std::vector<int>::push_back(int)", "/usr/v", 7,
							 "p",      "std::vector<int>::push_back" };
	static const struct allot_trace_frame add = { "/bin/p", "add(int)", "/src/lib/add.c", 5, "p", "add" };
	static const struct allot_trace_frame plug = { "/opt/libplug.so", NULL, NULL, 0, "libplug", NULL };
	static const struct allot_trace_frame other = { "/bin/p", "other", NULL, 0, "p", "other" };
	static const struct allot_trace_frame run = { "/bin/p", "run", "/src/run.c", 6, "p", "run" };
	static const struct allot_trace_frame middle = { "/bin/p", "middle", "/src/run.c", 8, "p", "middle" };
	static const struct allot_trace_frame start = { "/bin/p", "main", "/src/main.c", 9, "p", "main" };
	const struct allot_trace_frame *frames[] = { &dup, &vector, &add, &run, &plug, &middle, &start };
	struct allot_trace trace = { frames, 7, 7 };
	char *text;

	ck_assert_ptr_eq(allotp_place_find(&trace, "/src/"), &add);
	ck_assert_ptr_eq(allotp_place_find(&trace, ""), &add);
	ck_assert_ptr_eq(allotp_place_find(&trace, "/usr/"), &vector);
	text = allotp_place_text(&trace, "/src/", 0);
	ck_assert_str_eq(text, "strdup < add (lib/add.c:5) < run < libplug.so");
	free(text);
	trace.frames += 3;
	trace.count = 1;
	text = allotp_place_text(&trace, "", 0);
	ck_assert_str_eq(text, "run (/src/run.c:6)");
	free(text);
	/* a long way, and one without names */
	frames[0] = frames[1] = frames[2] = frames[3] = frames[4] = frames[5] = &plug;
	trace.frames = frames;
	trace.count = 7;
	text = allotp_place_text(&trace, "/src/", 0);
	ck_assert_str_eq(text, "libplug.so < main (main.c:9)");
	free(text);
	frames[0] = frames[2] = frames[4] = &other;
	text = allotp_place_text(&trace, "/src/", 0);
	ck_assert_str_eq(text, "other < libplug.so < other < libplug.so < ... < main (main.c:9)");
	free(text);
	trace.count = 6;
	text = allotp_place_text(&trace, "/src/", 0);
	ck_assert_str_eq(text, "other < libplug.so < other");
	free(text);
	trace.count = 0;
	ck_assert_ptr_null(allotp_place_find(&trace, ""));
	text = allotp_place_text(&trace, "", 0);
	ck_assert_str_eq(text, "[no stack]");
	free(text);
}
END_TEST

#define LOOP(test, array) tcase_add_loop_test(tcase, test, 0, sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *tcase = tcase_create("identity");

	LOOP(folds_modules, modules);
	LOOP(folds_functions, functions);
	LOOP(identifies_stacks, identities);
	tcase_add_test(tcase, a_domain_is_a_part_of_it);
	tcase_add_test(tcase, fingerprints_stay);
	LOOP(finds_what_moved, moves);
	LOOP(shows_files, files);
	tcase_add_test(tcase, shows_places);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
