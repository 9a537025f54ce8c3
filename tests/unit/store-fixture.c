/* SPDX-License-Identifier: MIT */
/* Making stores, writing events by hand, looking into the live table. */
#include "store-fixture.h"

#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/begin.h"
#include "store/drain.h"

int fixture_create(struct allot_store *store, uint64_t size, uint32_t ring_events)
{
	struct allot_store_start start = {
		.pid = (uint32_t)getpid(),
		.parent_pid = (uint32_t)getppid(),
		.ring_events = ring_events,
		.counter = allotp_clock_counter_is_trusted(),
	};
	int fd = memfd_create("store", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	ck_assert_int_eq(allotp_store_create(store, fd, size, NULL), 0);
	ck_assert_int_eq(allotp_store_begin(store, &start), 0);
	__atomic_store_n(&store->header->ready, 1, __ATOMIC_RELEASE);
	return fd;
}

struct allot_store fixture_open(int fd)
{
	struct allot_error error = { "" };
	struct allot_store store;

	ck_assert_msg(allotp_store_open(&store, fd, "store", &error) == 0, "%s", error.text);
	return store;
}

struct allot_event fixture_encode(const struct fixture_event *event)
{
	return (struct allot_event){
		.stamp = event->stamp,
		.ticket = event->ticket,
		.stack = event->stack,
		.key = allotp_live_key(event->address, event->domain),
		.what = allotp_event_what(event->size, event->op, event->family),
	};
}

bool fixture_write(struct allot_producer *producer, struct fixture_event event)
{
	struct allot_event *place = allotp_producer_reserve(producer);

	if (!place)
		return false;
	*place = fixture_encode(&event);
	if (allotp_event_has_ticket(place)) {
		uint32_t bucket = allotp_event_bucket(event.address, event.op);

		place->ticket = __atomic_fetch_add(&producer->store->header->tickets[bucket], 1, __ATOMIC_ACQ_REL);
	}
	allotp_producer_publish(producer);
	return true;
}

uint64_t fixture_drain(struct allot_store *store)
{
	uint64_t applied;

	fixture_require(!allotp_drain_lock(store));
	applied = allotp_drain_rest(store);
	allotp_drain_unlock(store);
	return applied;
}

void fixture_each_live(const struct allot_store *store, void (*each)(const struct allot_live_entry *entry, void *data),
		       void *data)
{
	uint32_t names = 1u << store->header->directory_bits, previous = 0;
	const uint32_t *directory = ALLOTP_AT(store, ALLOT_REGION_DIRECTORY, uint32_t, names);

	for (uint32_t i = 0; i < names; i++) {
		struct allot_live_page *page = allotp_page(store, directory[i]);

		/* Neighbours share a page until it is split. */
		if (directory[i] == previous)
			continue;
		previous = directory[i];
		for (uint32_t j = 0; j < ALLOT_LIVE_ENTRIES; j++) {
			if (allotp_live_entry_at(page, j)->key)
				each(allotp_live_entry_at(page, j), data);
		}
	}
}

uint64_t fixture_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}
