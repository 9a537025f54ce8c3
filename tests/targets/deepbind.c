/* SPDX-License-Identifier: MIT */
/* Loads a library with RTLD_DEEPBIND, so that it looks for malloc in libc before anywhere else: `deepbind LIBRARY`. */
#include <dlfcn.h>

#include "target.h"

SITE void *before_1361(void)
{
	return malloc(1361);
}

int main(int argc, char **argv)
{
	void *library, *block;
	void *(*run)(void);
	int i;

	REQUIRE(argc == 2);
	before_1361();
	library = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
	REQUIRE(library);
	*(void **)&run = dlsym(library, "plugin_run");
	REQUIRE(run);
	for (i = 0; i < 10; i++) {
		block = run();
		REQUIRE(block);
		if (i < 9)
			free(block);
	}
	return 0;
}
