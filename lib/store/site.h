/* SPDX-License-Identifier: MIT */
/* Which site a stack has in a domain. For the drainer only. */
#ifndef ALLOT_STORE_SITE_H
#define ALLOT_STORE_SITE_H

#include "store/store.h"

/* The number of the site, which is made if need be: an empty one counts nothing. 0: the store is full. */
uint32_t allotp_site_find(struct allot_store *store, uint32_t stack, uint32_t domain);

#endif
