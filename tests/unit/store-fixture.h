/* SPDX-License-Identifier: MIT */
/* Real stores for tests: made in a memfd as a traced program makes its own, written to and looked into. */
#ifndef ALLOT_TESTS_STORE_FIXTURE_H
#define ALLOT_TESTS_STORE_FIXTURE_H

#include <check.h>

#include "store/ring.h"
#include "store/store.h"

/* Sanitizers make everything some ten times slower. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FIXTURE_SLOWNESS 8
#else
#define FIXTURE_SLOWNESS 1
#endif

/* ck_assert for loops of millions: Check writes down where it was at each of its own. */
#define fixture_require(condition)                                                                                     \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			ck_abort_msg("%s", #condition);                                                                \
	} while (0)

/* Makes a store of this many bytes whose ring segments hold `ring_events`. Returns its memfd. */
int fixture_create(struct allot_store *store, uint64_t size, uint32_t ring_events);

/* Maps a store as a reader does. */
struct allot_store fixture_open(int fd);

/* An event, in parts. */
struct fixture_event {
	uint64_t stamp, address, size;
	uint32_t ticket, stack;
	uint16_t domain;
	uint8_t op, family;
};

struct allot_event fixture_encode(const struct fixture_event *event);

/*
 * Writes an event whose address and size are plain, with its ticket, if it is one that has one. False: there was no room for it. Any thread, each
 * with a producer of its own.
 */
bool fixture_write(struct allot_producer *producer, struct fixture_event event);

/* Drains everything, whatever its stamp. Returns how many events. */
uint64_t fixture_drain(struct allot_store *store);

/* Calls with each entry of the live table: of the pages that its directory names. */
void fixture_each_live(const struct allot_store *store, void (*each)(const struct allot_live_entry *entry, void *data),
		       void *data);

/* The next of a row of numbers that looks random, the same on every machine. */
uint64_t fixture_random(uint64_t *state);

#endif
