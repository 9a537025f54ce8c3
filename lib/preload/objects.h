/* SPDX-License-Identifier: MIT */
/* The objects of liballot-object, put into the store: all of them, and who refers to whom. */
#ifndef ALLOT_PRELOAD_OBJECTS_H
#define ALLOT_PRELOAD_OBJECTS_H

#include <stdbool.h>

#include "store/store.h"

/* Says in a fresh store whether there are any. */
void allotp_objects_tell(struct allot_store *store);

/*
 * Has a copy of the process, made by fork, walk the heaps, and waits for it. Nothing if the library is not there. The caller has
 * the store for itself (access.h). What came of it is in the store's header.
 */
void allotp_objects_take(void);

/* What was taken is no longer true. */
void allotp_objects_forget(void);

/* Takes them once more where the process ends. */
void allotp_objects_at_exit(void);

/*
 * In a copy of the process: walks the heaps. The store is drained, and stays so until this has copied the live blocks: locked:
 * then it gives up the drain lock, which it has; else somebody else has it. lenient: leaves out what is in the middle of a
 * change, instead of giving up. 0 or a negative errno, which is in the header, too.
 */
int allotp_objects_look(bool lenient, bool locked);

#endif
