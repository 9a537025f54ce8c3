/* SPDX-License-Identifier: MIT */
/*
 * A program of many call sites, for gate-builds.test, which builds it in many ways: however it is compiled, each of them is
 * to be known again. RENAMED, SPLIT and JOINED edit a function, GROWN makes one leak more.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
	struct word *next;
	char *text;
};

static struct word *words;
static void *volatile kept[256]; /* read by nobody: else compilers leave allocations out */
static unsigned kept_count;

static void keep(void *block)
{
	kept[kept_count++ % 256] = block;
}

/* Inlined where it is compiled with optimization, or left by a tail call. */
static void *allocate(size_t size)
{
	return malloc(size);
}

static void *allocate_zeroed(size_t size)
{
	void *block = allocate(size);

	memset(block, 0, size);
	return block;
}

/* Becomes allocate_many.constprop.0, or .isra.0: its last argument is always the same. */
static __attribute__((noinline)) void allocate_many(unsigned count, size_t size, int zero)
{
	for (unsigned i = 0; i < count; i++) {
		keep(zero ? allocate_zeroed(size) : allocate(size));
		keep(NULL);
	}
}

/* Calls itself, to a depth that depends on the data. */
static void nest(int depth)
{
	if (depth > 0) {
		nest(depth - 1);
		kept_count++;
		return;
	}
	keep(allocate(111));
}

/* Reached through the C library. */
static int compare(const void *a, const void *b)
{
	keep(allocate(17));
	return *(const char *)a - *(const char *)b;
}

static void sort(void)
{
	char letters[] = "ba";

	qsort(letters, 2, 1, compare);
}

static char *copy(const char *text)
{
	return strdup(text);
}

#ifdef RENAMED
#define add_word insert_word
#endif

#ifdef SPLIT
static __attribute__((noinline)) struct word *new_word(const char *text)
{
	struct word *word = allocate_zeroed(sizeof(*word));

	word->text = copy(text);
	return word;
}

static __attribute__((noinline)) void add_word(const char *text)
{
	struct word *word = new_word(text);

	word->next = words;
	words = word;
}
#elif !defined(JOINED)
static __attribute__((noinline)) void add_word(const char *text)
{
	struct word *word = allocate_zeroed(sizeof(*word));

	word->text = copy(text);
	word->next = words;
	words = word;
}
#endif

static void read_words(void)
{
	static const char *const texts[] = { "one", "two", "three" };

	for (int i = 0; i < 3; i++) {
#ifdef JOINED
		struct word *word = allocate_zeroed(sizeof(*word));

		word->text = copy(texts[i]);
		word->next = words;
		words = word;
#else
		add_word(texts[i]);
#endif
	}
}

static void *work(void *unused)
{
	(void)unused;
	allocate_many(5, 33, 1);
	return NULL;
}

static void print_words(void)
{
	char *line = NULL;

	for (struct word *word = words; word; word = word->next) {
		if (asprintf(&line, "%s\n", word->text) < 0)
			abort();
		fputs(line, stdout);
		free(line);
	}
}

static void free_words(void)
{
	while (words) {
		struct word *word = words;

		words = word->next;
		free(word->text);
		if (*(volatile unsigned *)&kept_count) /* but the words themselves are not */
			keep(word);
	}
}

#ifdef GROWN
enum { COUNT = 9 };
#else
enum { COUNT = 7 };
#endif

int main(int argc, char **argv)
{
	pthread_t thread;

	(void)argv;
	allocate_many(COUNT, 49, 1);
	nest(argc + 3);
	sort();
	read_words();
	if (pthread_create(&thread, NULL, work, NULL) || pthread_join(thread, NULL))
		return 1;
	print_words();
	free_words();
	for (int i = 0; i < 2; i++)
		keep(copy("kept"));
	return 0;
}
