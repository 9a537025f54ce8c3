/* SPDX-License-Identifier: MIT */
/* Which frames say nothing about who wanted the memory: allot's own, and the allocation functions themselves. */
#include "symbol/allocator.h"

#include <stddef.h>
#include <string.h>

/* Without the prefixes that C libraries put before them. */
static const char *const c_functions[] = {
	"malloc",         "calloc",
	"realloc",        "reallocarray",
	"memalign",       "aligned_alloc",
	"valloc",         "pvalloc",
	"posix_memalign", "mmap",
	"mmap64",         "mremap",
	"free",           "cfree",
	"munmap",         "_int_malloc",
	"sysmalloc",      "_int_realloc",
	"_int_memalign",  "_mid_memalign",
	"tcache_init",    "malloc_hook_ini",
	"free_sized",     "free_aligned_sized",
};

static bool begins(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool is_c_function(const char *function)
{
	for (size_t i = 0; i < sizeof(c_functions) / sizeof(c_functions[0]); i++) {
		if (!strcmp(function, c_functions[i]))
			return true;
	}
	return false;
}

static bool is_c_library(const char *module)
{
	return begins(module, "libc.so") || begins(module, "libc-2.") || begins(module, "ld-linux") ||
	       begins(module, "ld64.so") || begins(module, "ld-2.");
}

/* True for the source files that libstdc++ (new_op.cc, new_opva.cc, …) and libc++ (new.cpp) define operator new in. */
static bool is_new_source(const char *file)
{
	const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;

	return begins(name, "new_op") || begins(name, "del_op") || begins(name, "stdlib_new_delete.cpp") ||
	       (!strcmp(name, "new.cpp") && strstr(file, "libcxx"));
}

bool allotp_is_allocator(const char *module_path, const char *function, const char *file)
{
	const char *module = basename(module_path);

	if (begins(module, "liballot.so") || begins(module, "liballot-object.so"))
		return true;
	if (!function)
		return false;
	if (begins(function, "__GI_"))
		function += strlen("__GI_");
	if (begins(function, "__libc_"))
		return is_c_function(function + strlen("__libc_"));
	if (is_c_library(module))
		return is_c_function(begins(function, "__") ? function + strlen("__") : function);
	/* A program's own operator new is its own code, and stays; the library's may be linked in statically. */
	if (begins(function, "operator new") || begins(function, "operator delete"))
		return !file || is_new_source(file);
	return false;
}
