/* SPDX-License-Identifier: MIT */
/* The names of the program's own domains. */
#include "preload/domains.h"

#include <errno.h>
#include <string.h>

#include "preload/state.h"
#include "snapshot/snapshot.h"

enum { OWN = 2, NAME_SIZE = 64 }; /* the first number that is the program's */

static char names[ALLOT_DOMAIN_NAMES][NAME_SIZE];
static uint32_t count = OWN; /* names below it stay as they are (atomic) */

/* -ENOENT: there is none of that name. */
static int find(const char *name)
{
	/* Partner of the release in add. */
	uint32_t end = __atomic_load_n(&count, __ATOMIC_ACQUIRE);

	if (!strcmp(name, "malloc"))
		return ALLOT_DOMAIN_MALLOC;
	if (!strcmp(name, "mmap"))
		return ALLOT_DOMAIN_MMAP;
	for (uint32_t i = OWN; i < end; i++) {
		if (!strcmp(name, names[i]))
			return (int)i;
	}
	return -ENOENT;
}

static void tell(struct allot_store *store, uint32_t domain)
{
	store->header->domain_names[domain] = allotp_store_string(store, names[domain], strlen(names[domain]));
}

void allotp_domains_tell(struct allot_store *store)
{
	uint32_t end = __atomic_load_n(&count, __ATOMIC_ACQUIRE);

	for (uint32_t i = OWN; i < end; i++)
		tell(store, i);
}

/* In the middle of a change, so that no other thread adds one, nor makes a store. */
static int add(const char *name, size_t size)
{
	uint32_t domain = count;
	int found = find(name);

	if (found >= 0)
		return found;
	if (domain == ALLOT_DOMAIN_NAMES)
		return -ENOSPC;
	memcpy(names[domain], name, size);
	if (allotp_state.store.header && !allotp_state.inherited)
		tell(&allotp_state.store, domain);
	__atomic_store_n(&count, domain + 1, __ATOMIC_RELEASE);
	return (int)domain;
}

int allotp_domains_find(const char *name)
{
	size_t size = strnlen(name, NAME_SIZE) + 1;
	int result;

	if (size == 1 || size > NAME_SIZE)
		return -EINVAL;
	/* First of all: in a forked child the store may still be the parent's. */
	allotp_recording();
	result = find(name);
	if (result >= 0)
		return result;
	result = allotp_state_change_begin();
	if (result)
		return result;
	result = add(name, size);
	allotp_state_change_end();
	return result;
}
