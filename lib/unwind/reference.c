/* SPDX-License-Identifier: MIT */
/* Loads libunwind and asks it for a backtrace. */
#include "unwind/reference.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

typedef int backtrace_function(void **buffer, int size);

static backtrace_function *backtrace_of_library; /* atomic */

int allotp_reference_open(void)
{
	void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
	backtrace_function *function = library ? (backtrace_function *)dlsym(library, "unw_backtrace") : NULL;

	if (!function)
		return -ENOENT;
	/* Its first backtrace sets things up, for which it allocates. */
	function((void *[1]){ NULL }, 1);
	__atomic_store_n(&backtrace_of_library, function, __ATOMIC_RELEASE); /* with the load below */
	return 0;
}

size_t allotp_reference_backtrace(uint64_t from, void **buffer, size_t size)
{
	backtrace_function *function = __atomic_load_n(&backtrace_of_library, __ATOMIC_ACQUIRE);
	int saved = errno, result;
	size_t count, skipped = 0;

	if (!function)
		return 0;
	result = function(buffer, size < INT_MAX ? (int)size : INT_MAX);
	errno = saved;
	count = result < 0 ? 0 : (size_t)result;
	while (skipped < count && (uintptr_t)buffer[skipped] != from)
		skipped++;
	memmove(buffer, buffer + skipped, (count - skipped) * sizeof(*buffer));
	return count - skipped;
}
