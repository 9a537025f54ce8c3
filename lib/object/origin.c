/* SPDX-License-Identifier: MIT */
/* What the tracer is told of objects, and asked. */
#include <allot/trace.h>
#include <dlfcn.h>
#include <string.h>

#include "object/heap.h"
#include "object/origin.h"

#define FRAMES 64

static int domain(void)
{
	static int number;
	int known = __atomic_load_n(&number, __ATOMIC_RELAXED);

	if (!known) {
		known = allot_domain("objects");
		if (known > 0 && ALLOT_API_HAS(allot_api_find(), objects_announce))
			allot_api_find()->objects_announce(known, allotp_table_walk);
		__atomic_store_n(&number, known, __ATOMIC_RELAXED);
	}
	return known;
}

bool allotp_origin_is_traced(void)
{
	return allot_api_find() && domain() > 0;
}

void allotp_origin_track(const void *object, size_t size)
{
	allot_track(domain(), object, size);
}

void *allotp_origin_calloc(size_t size)
{
	return allot_domain_calloc(domain(), 1, size);
}

void allotp_origin_free(void *block)
{
	allot_domain_free(domain(), block);
}

void allotp_origin_untrack(const void *object)
{
	allot_untrack(domain(), object);
}

/* Whether an address is in this library: such frames are nobody's business. */
static bool is_own(const void *address)
{
	Dl_info info, own;

	return dladdr(address, &info) && dladdr((const void *)allotp_origin_find, &own) &&
	       info.dli_fbase == own.dli_fbase;
}

int allotp_origin_find(const struct allot_object *object, void **frames, int capacity)
{
	const char *block = (const char *)object - allotp_prefix(allotp_state(object));
	void *all[FRAMES];
	int own = 0, count;

	if (!allot_api_find())
		return ALLOT_NOT_TRACING;
	count = allot_get_domain_traceback(domain(), object, all, FRAMES);
	if (count < 0)
		count = allot_get_domain_traceback(domain(), block, all, FRAMES);
	if (count < 0)
		return count;
	if (count > FRAMES)
		count = FRAMES;
	while (own < count - 1 && is_own(all[own]))
		own++;
	count -= own;
	if (count > capacity)
		count = capacity;
	memcpy(frames, all + own, (size_t)count * sizeof(*frames));
	return count;
}
