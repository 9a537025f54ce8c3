/* SPDX-License-Identifier: MIT */
/*
 * The names of the program's own domains. They belong to the process and its children, so that a domain keeps its number
 * whether tracing is on or off; each store is told of them.
 */
#ifndef ALLOT_PRELOAD_DOMAINS_H
#define ALLOT_PRELOAD_DOMAINS_H

#include "store/store.h"

/* Enters all names that there are into a fresh store. */
void allotp_domains_tell(struct allot_store *store);

/* The number of the domain of that name, a new one if need be. -EINVAL, -ENOSPC, -EBUSY as allot_domain says. */
int allotp_domains_find(const char *name);

#endif
