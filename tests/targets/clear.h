/* SPDX-License-Identifier: MIT */
/* Clears stale copies of pointers, in the stack below the caller and in registers that calls do not keep. */
#ifndef ALLOT_TESTS_CLEAR_H
#define ALLOT_TESTS_CLEAR_H

#include <stddef.h>

__attribute__((noinline)) static void clear(void)
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

#endif
