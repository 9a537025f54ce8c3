/* SPDX-License-Identifier: MIT */
/*
 * Loads and closes two libraries in turn, calling each while it is there: `plugins ROUNDS A B`. Of the blocks they hand out,
 * every second one is freed after its library is gone. Prints how often a library came to lie where the other had been.
 */
#include <dlfcn.h>

#include "target.h"

static void *call(const char *path, void **where)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL), *block;
	void *(*run)(void);

	if (!library)
		fprintf(stderr, "%s\n", dlerror());
	REQUIRE(library);
	*(void **)&run = *where = dlsym(library, "plugin_run");
	REQUIRE(run);
	block = run();
	REQUIRE(dlclose(library) == 0);
	return block;
}

int main(int argc, char **argv)
{
	void *a, *b, *at_a, *at_b = NULL;
	long i, rounds, same = 0;

	REQUIRE(argc == 4);
	rounds = atol(argv[1]);
	for (i = 0; i < rounds; i++) {
		a = call(argv[2], &at_a);
		same += at_a == at_b;
		b = call(argv[3], &at_b);
		same += at_a == at_b;
		if (i % 2) {
			free(a);
			free(b);
		}
	}
	printf("%ld\n", same);
	return 0;
}
