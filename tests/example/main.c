/* SPDX-License-Identifier: MIT */
/* words FILE: how many different words are in it. WORDS_LEAK in the environment makes it forget something. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <allot/trace.h>

#include "words.h"

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 4096);
	size_t length = file && text ? fread(text, 1, 4095, file) : 0;

	if (file)
		fclose(file);
	if (length)
		return text;
	free(text);
	return NULL;
}

static int add_all(struct words *words, const char *text)
{
	while (*text) {
		size_t length = 0;

		while (isalpha((unsigned char)text[length]))
			length++;
		if (length && words_add(words, text, length) < 0)
			return -1;
		text += length ? length : 1;
	}
	return 0;
}

/* What it is about, for those who want to see how a leak is told. */
static char *make_title(const char *path)
{
	return strdup(path);
}

int main(int argc, char **argv)
{
	struct words *words = words_new();
	char *text = NULL, *title;
	size_t current, peak;

	ALLOT_REGION ("read") {
		text = argc > 1 ? read_file(argv[1]) : NULL;
		ALLOT_REGION ("split") {
			if (!words || !text || add_all(words, text) < 0)
				return 1;
		}
		free(text);
	}
	allot_mark("read");
	title = make_title("words");
	printf("%zu words\n", words_distinct(words));
	if (allot_get_traced_memory(&current, &peak) == 0)
		fprintf(stderr, "traced: the peak is above 5000 bytes: %s\n", peak > 5000 ? "yes" : "no");
	words_free(words);
	if (!getenv("WORDS_LEAK"))
		free(title);
	return 0;
}
