/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer: the kept inputs, those that the target makes up, and a number of
 * mutations of both that is the same on every run. Speaks TAP. The input that ended the process is left in a file.
 *
 * Usage: fuzz-TARGET [-t TIMES] [-s SEED] [FILE…]: that many times the usual mutations, or only these files.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "snapshot-sample.h"

#define INPUTS_MOST 1000
#define INPUT_BYTES_MOST 16384

struct input {
	uint8_t *data;
	size_t size;
};

static struct input inputs[INPUTS_MOST];
static size_t input_count;
static struct input current;
static char find_name[64];

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* ---- keeping what ended the process ---- */

static void keep_current(void)
{
	int fd = open(find_name, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || write(fd, current.data, current.size) != (ssize_t)current.size)
		_exit(EXIT_FAILURE);
	close(fd);
}

static void on_signal(int signal)
{
	keep_current();
	raise(signal); /* which does its default now */
}

/* There in a build with a sanitizer only, which ends the process in its own way. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void watch(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_NODEFER };

	snprintf(find_name, sizeof(find_name), "fuzz-%s.find", fuzz_corpus);
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(keep_current);
		return;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

/* ---- inputs ---- */

static void add_input(uint8_t *data, size_t size)
{
	if (input_count == INPUTS_MOST) {
		errno = E2BIG;
		die("inputs");
	}
	inputs[input_count++] = (struct input){ data, size };
}

static void add_file(const char *path)
{
	uint8_t *data = malloc(INPUT_BYTES_MOST);
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!data || !file)
		die(path);
	size = fread(data, 1, INPUT_BYTES_MOST, file);
	if (ferror(file))
		die(path);
	fclose(file);
	add_input(data, size);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of their names, so that mutations are the same everywhere. */
static void add_corpus(void)
{
	const char *source = getenv("ALLOT_TEST_SOURCE");
	struct dirent **entries;
	char folder[4096], path[8192];
	int count;

	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source ? source : ".", fuzz_corpus);
	count = scandir(folder, &entries, is_visible, alphasort);
	if (count < 0)
		die(folder);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		add_file(path);
		free(entries[i]);
	}
	free(entries);
}

static void add_seeds(void)
{
	uint8_t *data;
	size_t size;

	for (unsigned int n = 0; (data = fuzz_seed(n, &size)); n++)
		add_input(data, size);
}

/* ---- runs ---- */

/* From memory of exactly that size, so that a sanitizer sees every byte read beyond it. */
static void run(const uint8_t *data, size_t size)
{
	current.data = malloc(size ? size : 1);
	if (!current.data)
		die("input");
	memcpy(current.data, data, size);
	current.size = size;
	LLVMFuzzerTestOneInput(current.data, size);
	free(current.data);
}

static size_t below(uint64_t *state, size_t limit)
{
	return limit ? (size_t)(sample_next(state) % limit) : 0;
}

/* Overwrites a few bytes by what often is a limit of something. */
static void overwrite(uint8_t *data, size_t size, uint64_t *state)
{
	static const uint8_t telling[][8] = {
		{ 0 },
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 0xff, 0xff, 0xff, 0xff, 0x0f },
		{ 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 },
		{ 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f },
		{ 0, 0, 0, 0, 1 },
	};
	size_t length = 1 + below(state, 8), at = below(state, size);

	memcpy(data + at, telling[below(state, sizeof(telling) / sizeof(telling[0]))],
	       length < size - at ? length : size - at);
}

/* Changes the data in a buffer of INPUT_BYTES_MOST bytes; returns the new size. */
static size_t mutate(uint8_t *data, size_t size, uint64_t *state)
{
	const struct input *other = &inputs[below(state, input_count)];
	size_t at = below(state, size), from = below(state, other->size), length = below(state, 32);

	switch (sample_next(state) % 8) {
	case 0: /* flip a bit */
		if (size)
			data[at] ^= (uint8_t)(1u << sample_next(state) % 8);
		break;
	case 1: /* any byte */
		if (size)
			data[at] = (uint8_t)sample_next(state);
		break;
	case 2: /* a little more or less */
		if (size)
			data[at] += (uint8_t)(below(state, 9) - 4);
		break;
	case 3:
		if (size)
			overwrite(data, size, state);
		break;
	case 4: /* leave bytes out */
		if (length > size - at)
			length = size - at;
		memmove(data + at, data + at + length, size - at - length);
		size -= length;
		break;
	case 5: /* put a piece of some input in */
		if (length > other->size - from)
			length = other->size - from;
		if (length > INPUT_BYTES_MOST - size)
			length = INPUT_BYTES_MOST - size;
		memmove(data + at + length, data + at, size - at);
		memcpy(data + at, other->data + from, length);
		size += length;
		break;
	case 6: /* put a piece of some input over it */
		if (length > other->size - from)
			length = other->size - from;
		if (length > size - at)
			length = size - at;
		memcpy(data + at, other->data + from, length);
		break;
	default: /* cut the end off, but not often */
		if (sample_next(state) % 8 == 0)
			size = at;
		break;
	}
	return size;
}

static void run_mutation(uint64_t seed, unsigned long number)
{
	static uint8_t data[INPUT_BYTES_MOST];
	uint64_t state = seed ^ (uint64_t)number << 20;
	const struct input *input = &inputs[below(&state, input_count)];
	size_t size = input->size, changes = 1 + below(&state, 4);

	memcpy(data, input->data, size);
	while (changes-- > 0)
		size = mutate(data, size, &state);
	run(data, size);
}

int main(int argc, char **argv)
{
	unsigned long mutations = fuzz_mutations;
	uint64_t seed = 1;
	int option;

	while ((option = getopt(argc, argv, "t:s:")) != -1) {
		if (option == 't')
			mutations *= strtoul(optarg, NULL, 0);
		else if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return EXIT_FAILURE;
	}
	watch();
	for (int i = optind; i < argc; i++)
		add_file(argv[i]);
	if (!input_count)
		add_corpus();
	printf("1..3\n");
	for (size_t i = 0; i < input_count; i++)
		run(inputs[i].data, inputs[i].size);
	printf("ok 1 - %zu kept inputs\n", input_count);
	if (optind < argc)
		mutations = 0;
	else
		add_seeds();
	for (size_t i = 0; i < input_count; i++)
		run(inputs[i].data, inputs[i].size);
	printf("ok 2 - %zu inputs with those made up\n", input_count);
	for (unsigned long i = 0; i < mutations; i++)
		run_mutation(seed, i);
	printf("ok 3 - %lu mutations from seed %llu\n", mutations, (unsigned long long)seed);
	for (size_t i = 0; i < input_count; i++)
		free(inputs[i].data);
	return EXIT_SUCCESS;
}
