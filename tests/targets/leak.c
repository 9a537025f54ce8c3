/* SPDX-License-Identifier: MIT */
/*
 * Blocks that are lost, or kept by one pointer in one place, by the name of the place; stale copies of pointers in the stack and in
 * registers are cleared. Built at several levels of optimisation.
 */
#include "clear.h"
#include "leak.h"

#include <sys/mman.h>

void *volatile leak_global;
__thread void *volatile leak_own;

void leak_clear(void)
{
	clear();
}

void *leak_map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	return memory;
}

void leak_run(const char *name)
{
	static const struct leak_place *const lists[] = { leak_shapes, leak_memory, leak_stacks, leak_ends };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (const struct leak_place *place = lists[i]; place->name; place++) {
			if (!strcmp(name, place->name)) {
				place->run();
				return;
			}
		}
	}
	fprintf(stderr, "leak: there is no place %s\n", name);
	_Exit(2);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: leak PLACE\n");
		return 2;
	}
	leak_run(argv[1]);
	leak_clear();
	return 0;
}
