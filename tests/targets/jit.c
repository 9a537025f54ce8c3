/* SPDX-License-Identifier: MIT */
/*
 * Makes code at run time that calls functions which allocate: code without unwind data that keeps frame pointers and is
 * returned to without a call, and code that keeps none, but has unwind data, which is registered. Made anew in the same place
 * with another frame each time.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "target.h"

void __register_frame(void *);
void __deregister_frame(void *);

SITE void jumped_to_1553(void)
{
	free(malloc(1553));
}

SITE void called_1559(void)
{
	free(malloc(1559));
}

#ifdef __x86_64__
enum { SIZE = 4096 };

static unsigned char *page;

static void set_code(const void *code, size_t size)
{
	REQUIRE(mprotect(page, SIZE, PROT_READ | PROT_WRITE) == 0);
	memset(page, 0xcc, SIZE);
	memcpy(page, code, size);
	REQUIRE(mprotect(page, SIZE, PROT_READ | PROT_EXEC) == 0);
}

/* push %rbp; mov %rsp, %rbp; lea 1f(%rip), %rax; push %rax; jmp *%rdi; nop…; 1: leave; ret */
static const unsigned char jumping[] = {
	0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x05, 8,    0,    0,    0,
	0x50, 0xff, 0xe7, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc9, 0xc3,
};

/* push %rbp; mov $8, %ebp; sub $16 * n, %rsp; call *%rdi; add $16 * n, %rsp; pop %rbp; ret */
static unsigned char calling[] = {
	0x55, 0xbd, 8, 0, 0, 0, 0x48, 0x83, 0xec, 0, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0, 0x5d, 0xc3,
};

/* Its unwind data: a CIE, an FDE, the end. The CFA's distance is at 19. */
static unsigned char frame[60] = {
	20, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0, 0x0c, 7, 0, 0x90, 1, 0x86, 2, 28, 0, 0, 0, 28,
};

/* Returns, so that the calls of it are no tail calls. */
SITE int run(void (*function)(void))
{
	((void (*)(void (*)(void)))(uintptr_t)page)(function);
	return 1;
}

int main(void)
{
	const uint64_t size = SIZE;
	int count = 0;

	page = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(page != MAP_FAILED);
	set_code(jumping, sizeof(jumping));
	for (int i = 0; i < 10; i++)
		count += run(jumped_to_1553);
	memcpy(frame + 32, &page, sizeof(page));
	memcpy(frame + 40, &size, sizeof(size));
	for (int i = 0; i < 6; i++) {
		calling[9] = calling[15] = (unsigned char)(16 * (i + 1));
		frame[19] = (unsigned char)(16 + 16 * (i + 1));
		set_code(calling, sizeof(calling));
		__register_frame(frame);
		count += run(called_1559);
		__deregister_frame(frame);
	}
	return count == 16 ? 0 : 1;
}
#else
int main(void)
{
	return 77;
}
#endif
