/* SPDX-License-Identifier: MIT */
/*
 * Blocks that are lost, or kept by one pointer in one place, by the name of the place; stale copies of pointers in the stack and in
 * registers are cleared. Built at several levels of optimisation.
 */
#include "leak.h"

#include <sys/mman.h>

void *volatile leak_global;
__thread void *volatile leak_own;

__attribute__((noinline)) void leak_clear(void)
{
	volatile char below[32768];

	for (size_t i = 0; i < sizeof(below); i++)
		below[i] = 0;
	__asm__ volatile("" : : "r"(below) : "memory");
#if defined(__x86_64__)
	__asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\tpxor %%xmm2, %%xmm2\n\tpxor %%xmm3, %%xmm3\n\t"
			 "xor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%esi, %%esi\n\txor %%edi, %%edi\n\t"
			 "xor %%r8d, %%r8d\n\txor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\txor %%r11d, %%r11d"
			 :
			 :
			 : "xmm0", "xmm1", "xmm2", "xmm3", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
#endif
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
