/* SPDX-License-Identifier: MIT */
/* Opens the library that is named on its command line, and lets it do what shipped.h does. */
#include <dlfcn.h>
#include <stddef.h>

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	int (*ship)(void) = NULL;

	if (library)
		*(void **)(&ship) = dlsym(library, "plugin_ship");
	return ship ? ship() : 99;
}
