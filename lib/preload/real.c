/* SPDX-License-Identifier: MIT */
/* Finding the functions behind the hooks. */
#include "preload/real.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

struct allot_real allotp_real;
uint32_t allotp_real_thread_tid, allotp_real_thread_start;

static int resolving;

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* A description for libthread_db: the size in bits, how many, and where. */
static uint32_t offset_of(const char *name)
{
	const uint32_t *description = next(name);

	return description ? description[2] : 0;
}

bool allotp_real_resolve(void)
{
	struct allot_real found;
	int idle = 0, saved = errno;

	if (!__atomic_compare_exchange_n(&resolving, &idle, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return allotp_real.malloc != NULL;
	memset(&found, 0, sizeof(found));
#define ALLOT_HOOK(result, name, parameters) *(void **)&found.name = next(#name);
#include "preload/hooks.def"
#undef ALLOT_HOOK
	allotp_real_thread_tid = offset_of("_thread_db_pthread_tid");
	allotp_real_thread_start = offset_of("_thread_db_pthread_start_routine");
	/* malloc last and alone, since it is what others look at. */
	static_assert(offsetof(struct allot_real, malloc) == 0, "the copy skips malloc");
	memcpy((char *)&allotp_real + sizeof(allotp_real.malloc), (char *)&found + sizeof(found.malloc),
	       sizeof(found) - sizeof(found.malloc));
	__atomic_store_n((void **)&allotp_real.malloc, *(void **)&found.malloc, __ATOMIC_RELEASE);
	errno = saved;
	return allotp_real.malloc != NULL;
}

void *allotp_real_find_cxx(const char *name)
{
	static const char *const runtimes[] = { "libstdc++.so.6", "libc++abi.so.1", "libc++.so.1", "libgcc_s.so.1" };
	int saved = errno;
	void *found = next(name);

	/* Opened by a plugin with RTLD_LOCAL, it is in nobody's search path. */
	for (size_t i = 0; !found && i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		void *runtime = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);

		if (runtime) {
			found = dlsym(runtime, name);
			allotp_real.dlclose(runtime);
		}
	}
	errno = saved;
	return found;
}
