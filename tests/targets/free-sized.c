/* SPDX-License-Identifier: MIT */
/* The frees that not every libc has: C23's free_sized and free_aligned_sized, and the old cfree. Prints those there are. */
#include <dlfcn.h>
#include <stddef.h>

#include "target.h"

SITE void *malloc_3011(void)
{
	return malloc(3011);
}

SITE void *aligned_3072(void)
{
	return aligned_alloc(64, 3072);
}

SITE void *malloc_3019(void)
{
	return malloc(3019);
}

int main(void)
{
	void (*free_sized)(void *, size_t);
	void (*free_aligned_sized)(void *, size_t, size_t);
	void (*cfree)(void *);

	*(void **)&free_sized = dlsym(RTLD_DEFAULT, "free_sized");
	*(void **)&free_aligned_sized = dlsym(RTLD_DEFAULT, "free_aligned_sized");
	*(void **)&cfree = dlsym(RTLD_DEFAULT, "cfree");
	if (free_sized) {
		free_sized(malloc_3011(), 3011);
		free_sized(NULL, 0);
		puts("free_sized");
	}
	if (free_aligned_sized) {
		free_aligned_sized(aligned_3072(), 64, 3072);
		free_aligned_sized(NULL, 64, 0);
		puts("free_aligned_sized");
	}
	if (cfree) {
		cfree(malloc_3019());
		cfree(NULL);
		puts("cfree");
	}
	return 0;
}
