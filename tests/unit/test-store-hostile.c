/* SPDX-License-Identifier: MIT */
/*
 * Tests that a reader survives any store: random damage to a sound one, before it is opened or while it is drained, must
 * not make it crash or go round for ever.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "snapshot/snapshot.h"
#include "store-model.h"
#include "store/drain.h"
#include "unit.h"

#define STORE_BYTES ALLOT_STORE_SIZE_MIN
#define ROUNDS (400 / FIXTURE_SLOWNESS)
#define SLOTS 4u

/* The sound store, as much of it as is committed. */
static struct {
	struct allot_region regions[ALLOT_REGIONS];
	uint8_t *bytes[ALLOT_REGIONS];
} sound;

static void write_maps(struct allot_producer *producer, const struct store_model *model, uint64_t *random,
		       uint64_t stamp)
{
	struct fixture_event event = {
		.stamp = stamp,
		.address = 0x10000 + fixture_random(random) % 64 * 4096,
		.size = (1 + fixture_random(random) % 8) * 4096,
		.op = fixture_random(random) % 3 ? ALLOT_OP_MAP : ALLOT_OP_UNMAP,
		.stack = model->nodes[fixture_random(random) % MODEL_STACKS],
		.domain = ALLOT_DOMAIN_MMAP,
	};

	fixture_require(fixture_write(producer, event));
}

/* Some of everything, and events that are still in the rings. */
static void fill(struct allot_store *store, uint64_t *random)
{
	struct allot_producer producers[SLOTS];
	struct store_model model;

	model_init(&model, store, 4000);
	for (uint32_t i = 0; i < SLOTS; i++)
		ck_assert_int_eq(allotp_producer_attach(&producers[i], store, 100 + i, 1), 0);
	for (uint64_t i = 0; i < 8000; i++) {
		struct model_event event = model_random_event(&model, random, SLOTS);

		model_apply(&model, &event);
		fixture_require(fixture_write(&producers[event.slot], model_encode(&model, &event, 2 + i * 8192)));
		if (i % 20 == 0)
			write_maps(&producers[event.slot], &model, random, 2 + i * 8192);
		if (i == 7000)
			fixture_drain(store);
	}
	model_free(&model);
}

static void set_up(void)
{
	struct allot_store store;
	uint64_t random = 1;

	close(fixture_create(&store, STORE_BYTES, 64));
	fill(&store, &random);
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		sound.regions[i] = store.header->regions[i];
		sound.bytes[i] = malloc(sound.regions[i].committed);
		ck_assert_ptr_nonnull(sound.bytes[i]);
		memcpy(sound.bytes[i], store.region[i], sound.regions[i].committed);
	}
	allotp_store_close(&store);
}

static void tear_down(void)
{
	for (int i = 0; i < ALLOT_REGIONS; i++)
		free(sound.bytes[i]);
}

/* A fresh copy of the sound store. */
static int make_copy(void)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)STORE_BYTES), 0);
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		const struct allot_region *region = &sound.regions[i];

		ck_assert_int_eq(pwrite(fd, sound.bytes[i], region->committed, (off_t)region->offset),
				 (ssize_t)region->committed);
	}
	return fd;
}

/* ---- damage ---- */

static uint64_t random_value(uint64_t *random, uint64_t old)
{
	uint64_t value = fixture_random(random);

	switch (value % 12) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return old + 1;
	case 3:
		return old - 1;
	case 4:
		return old ^ UINT64_C(1) << value / 16 % 64;
	case 5:
		return UINT64_C(1) << value / 16 % 64;
	case 6:
		return (UINT64_C(1) << value / 16 % 64) - 1;
	case 7:
		return old << 32 | old >> 32;
	case 8:
		return fixture_random(random);
	default:
		return value / 16 % 300;
	}
}

/* Where damage does most: at what others are found by. */
static uint64_t random_place(uint64_t *random)
{
	static const struct {
		enum allot_region_id region;
		uint32_t offset, size;
	} places[] = {
		{ ALLOT_REGION_HEADER, offsetof(struct allot_header, ready),
		  offsetof(struct allot_header, tickets) - offsetof(struct allot_header, ready) },
		{ ALLOT_REGION_HEADER, offsetof(struct allot_header, lock),
		  offsetof(struct allot_header, applied) - offsetof(struct allot_header, lock) },
		{ ALLOT_REGION_HEADER, offsetof(struct allot_header, lock),
		  offsetof(struct allot_header, applied) - offsetof(struct allot_header, lock) },
		{ ALLOT_REGION_HEADER, offsetof(struct allot_header, regions),
		  ALLOT_REGIONS * sizeof(struct allot_region) },
		{ ALLOT_REGION_HEADER, offsetof(struct allot_header, applied), 16384 },
		{ ALLOT_REGION_JOURNAL, 0, offsetof(struct allot_journal, applied) },
		{ ALLOT_REGION_JOURNAL, sizeof(struct allot_journal), 8192 },
		{ ALLOT_REGION_SLOTS, 0, SLOTS * sizeof(struct allot_slot) },
		{ ALLOT_REGION_SLOTS, 0, SLOTS * sizeof(struct allot_slot) },
		{ ALLOT_REGION_SEGMENTS, 0, 60000 },
		{ ALLOT_REGION_SEGMENTS, 0, 60000 },
		{ ALLOT_REGION_SITE_INDEX, 0, 4096 },
		{ ALLOT_REGION_SITES, 0, MODEL_SITES * sizeof(struct allot_store_site) },
		{ ALLOT_REGION_DIRECTORY, 0, 256 },
		{ ALLOT_REGION_DIRECTORY, 0, 256 },
		{ ALLOT_REGION_PAGES, 0, 65536 },
		{ ALLOT_REGION_MAPS, 0, 1024 },
	};
	uint64_t choice = fixture_random(random) % (sizeof(places) / sizeof(places[0]));
	uint64_t offset = fixture_random(random) % places[choice].size;

	/* The head of a segment, or of a page, counts for more than what is behind it. */
	if (places[choice].region == ALLOT_REGION_SEGMENTS && offset % 2)
		offset -= offset % (sizeof(struct allot_segment) + 64 * sizeof(struct allot_event));
	if (places[choice].region == ALLOT_REGION_PAGES && offset % 2)
		offset -= offset % sizeof(struct allot_live_page) - offset % 16;
	return sound.regions[places[choice].region].offset + places[choice].offset + offset / 4 * 4;
}

static void damage(uint8_t *base, uint64_t *random)
{
	uint64_t place = random_place(random), value;
	uint32_t half;

	if (fixture_random(random) % 2) {
		memcpy(&value, base + (place & ~UINT64_C(7)), sizeof(value));
		value = random_value(random, value);
		memcpy(base + (place & ~UINT64_C(7)), &value, sizeof(value));
	} else {
		memcpy(&half, base + place, sizeof(half));
		half = (uint32_t)random_value(random, half);
		memcpy(base + place, &half, sizeof(half));
	}
}

static uint8_t *map(int fd)
{
	void *base = mmap(NULL, STORE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(base, MAP_FAILED);
	return base;
}

/* What a reader does. Any result will do. */
static void read_all(struct allot_store *store, bool by_force)
{
	if (by_force ? allotp_drain_lock_by_force(store) : allotp_drain_lock(store))
		return;
	allotp_drain(store);
	allotp_drain_rest(store);
	allotp_drain_unlock(store);
}

/* As a drainer leaves a store that dies while it puts a batch into it, or changes a mapping. */
static void leave_pending(uint8_t *base, uint64_t *random)
{
	struct allot_header *header = (struct allot_header *)(void *)base;
	struct allot_journal *journal =
		(struct allot_journal *)(void *)(base + sound.regions[ALLOT_REGION_JOURNAL].offset);

	if (fixture_random(random) % 4 == 0) {
		header->mapping.active = 1;
		header->mapping.slot = (uint32_t)(fixture_random(random) % (2 * SLOTS));
		header->mapping.number = header->mapping.slot < SLOTS ? fixture_random(random) % 1000 : 0;
		return;
	}
	journal->sealed = 1;
	journal->sampled = fixture_random(random) % 2;
	journal->slots = (uint32_t)(fixture_random(random) % 4);
	journal->sites = (uint32_t)(fixture_random(random) % 20);
	journal->records = (uint32_t)(fixture_random(random) % 8);
	journal->blocks = (uint32_t)(fixture_random(random) % (fixture_random(random) % 8 ? 200 : 3000));
}

START_TEST(damage_before_opening)
{
	uint64_t random = (uint64_t)_i << 32;
	int opened = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct allot_error error = { "" };
		struct allot_store store;
		int fd = make_copy();
		uint8_t *base = map(fd);

		for (uint64_t n = fixture_random(&random) % 12; n-- > 0;)
			damage(base, &random);
		/* Half of the stores were left by a drainer that died in something. */
		if (fixture_random(&random) % 2)
			leave_pending(base, &random);
		munmap(base, STORE_BYTES);
		if (!allotp_store_open(&store, fd, "hostile", &error)) {
			read_all(&store, fixture_random(&random) % 4);
			allotp_store_close(&store);
			opened++;
		}
		close(fd);
	}
	ck_assert_int_gt(opened, ROUNDS / 4);
}
END_TEST

/* Damages a store until it is killed, now here, now there. */
static pid_t vandal(int fd, uint64_t random)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (!child) {
		uint8_t *base = map(fd);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			damage(base, &random);
			/* What every reader would fall over at once hides the rest. */
			memcpy(base, sound.bytes[ALLOT_REGION_HEADER], offsetof(struct allot_header, slot_count));
		}
	}
	return child;
}

START_TEST(damage_while_draining)
{
	uint64_t random = (uint64_t)_i << 32 | 7;

	for (int i = 0; i < ROUNDS / 8; i++) {
		struct allot_error error = { "" };
		struct allot_store store;
		int fd = make_copy(), status;
		pid_t child = vandal(fd, fixture_random(&random));

		if (!allotp_store_open(&store, fd, "hostile", &error)) {
			for (int n = 0; n < 20; n++)
				read_all(&store, true);
			allotp_store_close(&store);
		}
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		close(fd);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-hostile");
	TCase *tcase = tcase_create("reader");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	/* The watchdog: what goes round for ever is killed. */
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, damage_before_opening, 0, 8);
	tcase_add_loop_test(tcase, damage_while_draining, 0, 4);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
