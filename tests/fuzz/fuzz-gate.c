/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what allot check reads of what people write: budgets, where the input begins with '{', and suppressions. An error is
 * one line that begins with the name and a position; what is accepted can be used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "fuzz.h"
#include "gate/budget.h"
#include "gate/suppression.h"

const char fuzz_corpus[] = "gate";
const unsigned long fuzz_mutations = 400000;

static const char *const seeds[] = {
	"{\"version\": 1, \"program\": {\"peak\": \"64 KiB\", \"live\": \"+5% +1 KiB\", \"leaks\": 0, \"count\": 100},\n"
	" \"regions\": {\"a/b\": {\"ever\": [\"105%\", 4096]}}, \"truncated\": \"2.5%\"}\n",
	"{\"sites\": [{\"name\": \"x\\u00e9\\n\", \"filters\": [\"+*/a.c:12\", \"-module=*.so\"], \"all_frames\": true,\n"
	" \"temporary\": {\"bytes\": \"+0\", \"blocks\": [\"+1\", 7]}}], \"growth\": {\"live\": \"+0\"}}",
	"# known\nleak:libfoo.so\r\n leak:^a*b$ < c < ^main$ count<=3 bytes<=4K until=2027-01-31 reason=\"x \\\"y\\\"\"\n\n",
	"leak:std::map<int, std::string>::operator<=(int) reason=word\nleak:\nleak:*$ count<=18446744073709551615",
};

/* "x:" and two numbers, if it is not about memory or JSON that ends early. */
static void check_error(const char *text)
{
	if (strncmp(text, "x:", 2) || strchr(text, '\n') || !text[2] || !strchr("0123456789", text[2]))
		abort();
}

static void read_budget(const char *text, size_t size)
{
	struct allot_error error = { "" };
	struct allot_budget budget;
	int rc = allotp_budget_parse(&budget, "x", text, size, &error);

	if (rc < 0) {
		/* jansson's words may quote a line end of the input */
		error.text[strcspn(error.text, "\n")] = '\0';
		check_error(error.text);
		return;
	}
	for (uint32_t i = 0; i < budget.count; i++)
		for (uint32_t l = 0; l < budget.rules[i].limit_count; l++)
			allotp_limit_allowed(&budget.rules[i].limits[l], (struct allot_count){ 1000, 10 });
	allotp_budget_release(&budget);
}

static void read_suppressions(const char *text, size_t size)
{
	static const struct allot_trace_frame frame = { "/lib/libfoo.so", "ab(int)", "a.c", 3, "libfoo", "ab" };
	static const struct allot_trace_frame start = { "/bin/x", "main", NULL, 0, "x", "main" };
	const struct allot_trace_frame *frames[] = { &frame, &frame, &start };
	struct allot_trace trace = { frames, 3, 3 };
	struct allot_suppressions set = { .today = 20261121 };
	struct allot_error error = { "" };
	uint32_t number;

	if (allotp_suppressions_parse(&set, "x", text, size, &error) < 0) {
		check_error(error.text);
		if (set.count)
			abort();
	}
	number = allotp_suppressions_meet(&set, &trace, (struct allot_count){ 100, 2 });
	if (number > set.count || number != allotp_suppressions_find(&set, &trace))
		abort();
	allotp_suppressions_hold(&set, number);
	allotp_suppressions_release(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (*text == '{')
		read_budget(text, size);
	else
		read_suppressions(text, size);
	free(text);
	return 0;
}

uint8_t *fuzz_seed(unsigned int n, size_t *size)
{
	char *seed;

	if (n >= sizeof(seeds) / sizeof(seeds[0]))
		return NULL;
	seed = strdup(seeds[n]);
	if (!seed)
		abort();
	*size = strlen(seed);
	return (uint8_t *)seed;
}
