/* SPDX-License-Identifier: MIT */
/*
 * Tests that a drainer may die at any moment. The store is write-protected while it is drained, so that each instruction
 * that writes to it is seen: it is executed alone, and the store as it is then is copied, taken over from its dead
 * drainer, drained to the end and compared with what it should say.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "common/clock.h"
#include "snapshot/snapshot.h"
#include "store-past.h"
#include "store-scopes.h"
#include "store/batch.h"
#include "store/clear.h"
#include "store/drain.h"
#include "unit.h"

#define STORE_BYTES ALLOT_STORE_SIZE_MIN
#define RING_EVENTS 64
#define BLOCKS 8000u
#define SLOTS 2u

/* Every so many changes, the drainer that takes over dies at each of its own changes, too; seldom where that is many. */
#define TAKEOVERS 997
#define TAKEOVERS_OF_MANY 9973

/* As much of most regions as these tests use; pages that a split was to fill may be lost. */
#define WINDOW 4096u
#define PAGES_WINDOW (8 * sizeof(struct allot_live_page))
#define HISTORY_WINDOW (4 * sizeof(struct allot_store_past))
#define SEGMENTS_WINDOW 16384u
#define JOURNAL_WINDOW 65536u

static struct allot_store store, reader; /* as the program maps it, and as a reader does */
static struct store_model model;
static struct store_scopes scopes; /* model NULL: there are none */
static struct store_past past;     /* compared if there was a repetition */
static struct allot_producer producers[SLOTS];
static uint64_t stamp;

/* Real stores for copies. */
static struct allot_store copies[2];

static uint64_t window(int region)
{
	switch (region) {
	case ALLOT_REGION_HEADER:
		return sizeof(struct allot_header);
	case ALLOT_REGION_SERIES:
		return ALLOT_SAMPLES * sizeof(struct allot_store_sample);
	case ALLOT_REGION_PAGES:
		return PAGES_WINDOW;
	case ALLOT_REGION_HISTORY:
		return HISTORY_WINDOW;
	case ALLOT_REGION_SEGMENTS:
		return SEGMENTS_WINDOW;
	case ALLOT_REGION_JOURNAL:
		return JOURNAL_WINDOW;
	default:
		return WINDOW;
	}
}

static void copy(struct allot_store *to, const struct allot_store *from)
{
	/* This is another store from now on. */
	if (to->batch)
		to->batch->begun = false;
	for (int i = 0; i < ALLOT_REGIONS; i++)
		memcpy(to->region[i], from->region[i], window(i));
}

static bool is_copied(const struct allot_store *of, const uint8_t *page)
{
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		if (page >= of->region[i] && page < of->region[i] + window(i))
			return true;
	}
	return false;
}

/* ---- one write at a time ---- */

/* A drainer that is going to die, often. */
struct victim {
	struct allot_store *store;
	const char *what;
	uint8_t *open[4]; /* pages that the instruction under way may write to */
	uint32_t open_count;
	uint8_t before[4][4096];
};

/* depth 0: the first drainer; 1: one that takes over from it. */
static struct victim victims[2];
static int depth;

/* Whether the interrupted code goes on by one instruction only. */
#if defined(__x86_64__)
enum { CAN_STEP = 1 };

static void step(void *context, bool alone)
{
	ucontext_t *registers = context;

	if (alone)
		registers->uc_mcontext.gregs[REG_EFL] |= 0x100;
	else
		registers->uc_mcontext.gregs[REG_EFL] &= ~0x100;
}
#else
enum { CAN_STEP = 0 };

static void step(void *context, bool alone)
{
	(void)context;
	(void)alone;
}
#endif

static void is_writing(int signal, siginfo_t *info, void *context)
{
	struct victim *victim = &victims[depth];
	uint8_t *page = (uint8_t *)((uintptr_t)info->si_addr & ~(uintptr_t)4095);

	(void)signal;
	if (!victim->store || page < victim->store->base || page >= victim->store->base + STORE_BYTES ||
	    victim->open_count == 4)
		abort();
	fixture_require(is_copied(victim->store, page));
	memcpy(victim->before[victim->open_count], page, 4096);
	victim->open[victim->open_count++] = page;
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	step(context, true);
}

static void check_death(struct victim *victim);

/* What is in the journal before it is sealed means nothing yet: then it is enough to die now and then. */
static bool is_being_written(const struct allot_store *of, const uint8_t *page)
{
	const uint8_t *journal = of->region[ALLOT_REGION_JOURNAL];

	return page >= journal && page < journal + JOURNAL_WINDOW && !((const struct allot_journal *)(const void *)journal)->sealed;
}

static unsigned int written;

static void has_written(int signal, siginfo_t *info, void *context)
{
	struct victim *victim = &victims[depth];
	bool changed = false, counts = false;

	(void)signal;
	(void)info;
	step(context, false);
	for (; victim->open_count; victim->open_count--) {
		uint32_t i = victim->open_count - 1;

		counts |= !is_being_written(victim->store, victim->open[i]);
		changed |= memcmp(victim->before[i], victim->open[i], 4096) != 0;
		mprotect(victim->open[i], 4096, PROT_READ);
	}
	if (changed && (counts || ++written % 16 == 0))
		check_death(victim);
}

static void catch (int signal, void (*handler)(int signal, siginfo_t *info, void *context))
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigemptyset(&action.sa_mask);
	ck_assert_int_eq(sigaction(signal, &action, NULL), 0);
}

static void set_up(void)
{
	int fd = fixture_create(&store, STORE_BYTES, RING_EVENTS);

	reader = fixture_open(fd);
	close(fd);
	model_init(&model, &store, BLOCKS);
	scopes.model = NULL;
	past.repetitions = 0;
	stamp = 2;
	for (uint32_t i = 0; i < SLOTS; i++) {
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, 100 + i, 1), 0);
		model.events++;
	}
	fixture_drain(&store);
	for (int i = 0; i < 2; i++) {
		struct allot_store made;

		fd = fixture_create(&made, STORE_BYTES, RING_EVENTS);
		copies[i] = fixture_open(fd);
		allotp_store_close(&made);
		close(fd);
	}
	catch (SIGSEGV, is_writing);
	catch (SIGTRAP, has_written);
}

static void tear_down(void)
{
	allotp_store_close(&store);
	allotp_store_close(&reader);
	model_free(&model);
	for (int i = 0; i < 2; i++)
		allotp_store_close(&copies[i]);
}

/* ---- deaths ---- */

/* Whoever takes over from a drainer that was killed. */
static void drain_by_force(struct allot_store *taken)
{
	if (!allotp_drain_lock_by_force(taken)) {
		allotp_drain_rest(taken);
		allotp_drain_unlock(taken);
	}
}

/* What is wrong with a store whose drainer is dead, once it has been taken over. */
static const char *wrong_after_takeover(struct allot_store *dead)
{
	const char *wrong;

	drain_by_force(dead);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++) {
		if (dead->header->lost[i])
			return "something was lost";
	}
	for (uint32_t i = 1; i < dead->header->sample_count; i++) {
		const struct allot_store_sample *sample =
			ALLOTP_AT(dead, ALLOT_REGION_SERIES, struct allot_store_sample, i);

		if (sample[-1].stamp >= sample->stamp)
			return "the time series is out of order";
	}
	wrong = model_difference(&model, dead);
	if (!wrong && past.repetitions)
		wrong = past_difference(&past, &model, dead);
	return wrong || !scopes.model ? wrong : scopes_difference(&scopes, dead);
}

static const char *(*verdict)(struct allot_store *dead) = wrong_after_takeover;

static uint64_t takeovers = TAKEOVERS;

/* What the first drainer does with the store. */
static void (*deed)(struct allot_store *store) = drain_by_force;

static void drain_and_die_at(int level, struct allot_store *drained, const char *what)
{
	victims[level] = (struct victim){ .store = drained, .what = what };
	depth = level;
	ck_assert_int_eq(mprotect(drained->base, STORE_BYTES, PROT_READ), 0);
	if (level)
		drain_by_force(drained);
	else
		deed(drained);
	ck_assert_int_eq(mprotect(drained->base, STORE_BYTES, PROT_READ | PROT_WRITE), 0);
	victims[level].store = NULL;
	depth = 0;
}

static void check_death(struct victim *victim)
{
	static uint64_t changes;
	const char *wrong;

	copy(&copies[depth], victim->store);
	wrong = verdict(&copies[depth]);
	if (wrong)
		ck_abort_msg("%s%s: %s", victim->what, depth ? ", taken over" : "", wrong);
	if (!depth && ++changes % takeovers == 1) {
		copy(&copies[0], victim->store);
		drain_and_die_at(1, &copies[0], victim->what);
	}
}

/* Drains, and lets the drainer die whenever it has changed something. */
static void drain_and_die(const char *what)
{
	const char *wrong;

	drain_and_die_at(0, &reader, what);
	wrong = verdict(&reader);
	if (wrong)
		ck_abort_msg("%s: %s", what, wrong);
}

/* ---- events ---- */

static uint8_t counted; /* ALLOT_COUNTED_EVENT, or 0 */

static void happen(struct model_event event)
{
	struct fixture_event encoded;

	model_apply(&model, &event);
	if (scopes.model)
		scopes_follow(&scopes, &event);
	encoded = model_encode(&model, &event, stamp++);
	encoded.family |= counted;
	fixture_require(fixture_write(&producers[event.slot], encoded));
}

static void allocate(uint32_t slot, uint32_t block, uint64_t size, uint32_t stack)
{
	happen((struct model_event){
		.op = ALLOT_OP_ALLOC, .slot = slot, .block = block, .size = size, .stack = stack });
}

static void go(uint32_t slot, enum allot_op op, uint32_t block)
{
	happen((struct model_event){ .op = op, .slot = slot, .block = block, .temporary = op == ALLOT_OP_FREE });
}

/* In loop tests: the second time blocks are sampled, those of these sizes. */
static void sample(int loop)
{
	if (loop)
		model_sample(&model, &store, 256);
}

START_TEST(allocations_and_frees)
{
	sample(_i);
	allocate(0, 1, 100, 1);
	drain_and_die("the first allocation");
	allocate(0, 2, 200, 1);
	drain_and_die("an allocation at a known site");
	go(0, ALLOT_OP_FREE, 2);
	drain_and_die("a free of a temporary block");
	allocate(0, 2, 300, 2);
	go(0, ALLOT_OP_FREE, 2);
	drain_and_die("an allocation and its own free");
	allocate(0, 2, 300, 2);
	allocate(1, 3, 50, 1);
	happen((struct model_event){ .op = ALLOT_OP_FREE, .slot = 1, .block = 2, .family = ALLOT_FAMILY_NEW });
	drain_and_die("a free by the wrong family");
	go(1, ALLOT_OP_FREE, 2);
	drain_and_die("a free of an unknown block");
}
END_TEST

START_TEST(reallocations)
{
	sample(_i);
	allocate(0, 1, 100, 1);
	allocate(0, 2, 200, 2);
	go(0, ALLOT_OP_GIVE_UP, 2);
	drain_and_die("a realloc begins");
	allocate(0, 3, 300, 3);
	drain_and_die("a realloc ends");
	go(0, ALLOT_OP_GIVE_UP, 3);
	go(0, ALLOT_OP_RESTORE, 3);
	drain_and_die("a realloc fails");
	go(1, ALLOT_OP_GIVE_UP, 4);
	go(1, ALLOT_OP_RESTORE, 4);
	drain_and_die("a realloc of an unknown block fails");
}
END_TEST

/* How many entries the page of all has, and how many of them are not at home. */
static uint32_t count_entries(uint32_t *away)
{
	const struct allot_live_page *page = allotp_page(&store, 1);
	uint32_t count = 0;

	*away = 0;
	for (uint32_t i = 0; i < ALLOT_LIVE_GROUPS; i++) {
		for (uint32_t j = 0; j < ALLOT_LIVE_PLACES; j++)
			count += page->groups[i].entries[j].key != 0;
		for (uint32_t j = 0; j < sizeof(page->groups[i].elsewhere); j++)
			*away += page->groups[i].elsewhere[j] != 0;
	}
	return count;
}

/* Of blocks of domain 0 the one of that number, when each is so many behind the one before. */
static uint32_t nth_block(uint32_t number, uint32_t step)
{
	return number * step * MODEL_DOMAINS % BLOCKS;
}

/* Allocates such blocks until the page has so many entries that it takes few more to split it. Returns how many. */
static uint32_t fill_page(uint32_t entries, uint32_t step)
{
	uint32_t number = 0, away;

	for (; count_entries(&away) < entries; number++) {
		ck_assert_uint_lt(number, BLOCKS / MODEL_DOMAINS);
		allocate(0, nth_block(number, step), 10 + number, number % 7);
		fixture_drain(&store);
	}
	return number;
}

START_TEST(growth_of_the_live_table)
{
	/* Side by side, blocks would all find room at home; the step is a prime number. */
	const uint32_t step = 1237;
	/* Just short of a split, which comes with a directory of twice the size. */
	uint32_t number = fill_page(ALLOT_LIVE_ENTRIES - 1, step), before, after;

	count_entries(&before);
	ck_assert_uint_gt(before, 0);
	/* The last to come were not at home. */
	for (uint32_t i = 0; i < 12; i++) {
		uint32_t block = nth_block(number - 1 - i, step);

		go(i % 2, i % 3 ? ALLOT_OP_FREE : ALLOT_OP_GIVE_UP, block);
		if (i % 3 == 0)
			go(i % 2, ALLOT_OP_RESTORE, block);
		drain_and_die("a free of a block in a page");
	}
	count_entries(&after);
	ck_assert_uint_le(after + 4, before);
	for (; store.header->directory_bits == 0; number++) {
		ck_assert_uint_lt(number, BLOCKS / MODEL_DOMAINS);
		allocate(0, nth_block(number, step), 10 + number, number % 7);
		drain_and_die("an allocation while pages grow");
	}
	ck_assert_uint_eq(store.header->page_count, 3);
	go(0, ALLOT_OP_FREE, 0);
	drain_and_die("a free of a block in a half");
}
END_TEST

START_TEST(double_allocations)
{
	sample(_i);
	allocate(0, 1, 100, 1);
	allocate(1, 1, 200, 2);
	drain_and_die("two allocations of one block");
	/* Who drains now does not know of the block. That it was there is seen at the end, and both count until then. */
	model.any_peak = true;
	allocate(0, 1, 300, 3);
	fixture_drain(&store);
	allocate(1, 1, 400, 2);
	drain_and_die("an allocation of a block that is in the store");
	allocate(1, 1, 500, 2);
	go(0, ALLOT_OP_FREE, 1);
	drain_and_die("an allocation of such a block, which goes at once");
	ck_assert_uint_eq(reader.header->totals.tallies.double_allocations, 4);
}
END_TEST

START_TEST(repetitions)
{
	store.header->repeat_name = PAST_NAME;
	/* The last makes every other point go. */
	for (uint32_t i = 0; i <= ALLOT_HISTORY_POINTS; i++) {
		allocate(i % 2, i, 100 + i, i % 2);
		fixture_require(fixture_write(&producers[1], past_repeat(&past, &model, stamp++)));
		go(0, ALLOT_OP_FREE, i);
		if (i > 0 && i < ALLOT_HISTORY_POINTS)
			fixture_drain(&store);
		else
			drain_and_die("a repetition");
	}
	ck_assert_uint_eq(reader.header->history.step, 2);
}
END_TEST

START_TEST(threads_and_marks)
{
	allocate(0, 1, 100, 1);
	go(0, ALLOT_OP_THREAD, 0);
	go(0, ALLOT_OP_FREE, 1);
	drain_and_die("a thread begins");
	go(1, ALLOT_OP_MARK, 0);
	go(1, ALLOT_OP_MARK, 0);
	drain_and_die("a mark is set");
	ck_assert_uint_eq(reader.header->mark_count, 2);
}
END_TEST

static void begin_budget(int which)
{
	fixture_require(fixture_write(&producers[0], scopes_begin(&scopes, which, stamp)));
	stamp++;
}

START_TEST(scopes_and_budgets)
{
	scopes_init(&scopes, &model, &store);
	begin_budget(SCOPES_OUTER);
	allocate(0, 1, 100, 1);
	drain_and_die("the first block in a scope");
	allocate(0, 2, 200, 2);
	drain_and_die("a block in a scope in a scope");
	allocate(0, 3, 300, 3);
	drain_and_die("the first block in a budget");
	begin_budget(SCOPES_INNER);
	allocate(0, 4, 400, 5);
	drain_and_die("the first block in a budget in a budget");
	go(1, ALLOT_OP_FREE, 3);
	go(1, ALLOT_OP_FREE, 4);
	drain_and_die("frees of blocks in budgets");
	allocate(0, 5, 50, 3);
	go(0, ALLOT_OP_FREE, 5);
	allocate(0, 6, 60, 4);
	go(0, ALLOT_OP_FREE, 6);
	drain_and_die("temporary blocks in budgets");
	begin_budget(SCOPES_INNER);
	allocate(0, 6, 70, 5);
	drain_and_die("a budget begins again, and a block in it");
	begin_budget(SCOPES_INNER);
	go(0, ALLOT_OP_GIVE_UP, 6);
	drain_and_die("a budget begins again while blocks of it live, and one of them goes");
	go(0, ALLOT_OP_RESTORE, 6);
	go(0, ALLOT_OP_FREE, 1);
	drain_and_die("a realloc in a budget fails");
	allocate(1, 6, 80, 2);
	drain_and_die("a second allocation at an address, in another scope");
}
END_TEST

START_TEST(ring_segments)
{
	for (uint32_t i = 0; i < RING_EVENTS - 4; i++)
		allocate(0, i, i, i % 3);
	fixture_drain(&store);
	for (uint32_t i = 0; i < 6; i++)
		go(0, ALLOT_OP_FREE, i);
	drain_and_die("a ring goes on in its next segment");
	ck_assert_uint_eq(store.header->segment_count, SLOTS + 1);
}
END_TEST

START_TEST(turns)
{
	/* The clock of the second thread is late, so only the tickets tell who was first. */
	model.any_peak = true;
	stamp = 1000;
	allocate(0, 1, 100, 1);
	stamp = 900;
	go(1, ALLOT_OP_FREE, 1);
	stamp = 1100;
	allocate(0, 1, 200, 1);
	drain_and_die("a free that has to wait for its turn");
}
END_TEST

START_TEST(events_without_tickets)
{
	counted = ALLOT_COUNTED_EVENT;
	allocate(0, 1, 100, 1);
	allocate(0, 2, 200, 1);
	go(0, ALLOT_OP_FREE, 2);
	drain_and_die("a block, and one that dies at once");
	go(1, ALLOT_OP_FREE, 1);
	counted = 0;
	allocate(1, 1, 300, 2);
	drain_and_die("the first ticket");
	go(0, ALLOT_OP_FREE, 1);
	drain_and_die("the second");
}
END_TEST

START_TEST(time_series)
{
	const struct allot_store_sample *samples =
		ALLOTP_AT(&reader, ALLOT_REGION_SERIES, struct allot_store_sample, 0);

	reader.header->sample_interval = 1;
	while (reader.header->sample_count < ALLOT_SAMPLES) {
		allocate(0, 1, 100, 1);
		go(1, ALLOT_OP_FREE, 1);
		fixture_drain(&store);
	}
	allocate(0, 2, 200, 2);
	drain_and_die("the time series is thinned out");
	ck_assert_uint_eq(reader.header->sample_count, ALLOT_SAMPLES / 2 + 1);
	ck_assert_uint_eq(reader.header->sample_interval, 2);
	ck_assert_uint_eq(samples[ALLOT_SAMPLES / 2].stamp, stamp - 1);
}
END_TEST

static void track(uint32_t slot, uint32_t block, uint64_t size, uint32_t stack)
{
	happen((struct model_event){
		.op = ALLOT_OP_TRACK, .slot = slot, .block = block, .size = size, .stack = stack });
}

START_TEST(tracked_blocks)
{
	/* A peak that none of this reaches. */
	allocate(0, 0, 1 << 30, 0);
	go(0, ALLOT_OP_FREE, 0);
	track(0, 1, 100, 1);
	drain_and_die("a block is tracked");
	track(1, 1, 100, 1);
	drain_and_die("by another thread");
	track(1, 1, 100, 1);
	drain_and_die("just as it was");
	track(1, 1, 200, 2);
	drain_and_die("with another size and stack");
	go(0, ALLOT_OP_UNTRACK, 1);
	drain_and_die("it is untracked");
	go(0, ALLOT_OP_UNTRACK, 1);
	drain_and_die("once more");
	track(0, 1, 50, 1);
	go(0, ALLOT_OP_UNTRACK, 1);
	drain_and_die("a temporary one");

	/* Among many, some of which the drainer does not know. */
	for (uint32_t i = 3; i < 700; i += 2)
		track(0, i, 10 + i, i % 7);
	fixture_drain(&store);
	track(1, 3, 5000, 3);
	drain_and_die("an old one");
	track(1, 3, 5000, 3);
	drain_and_die("an old one, just as it was");
	go(1, ALLOT_OP_UNTRACK, 3);
	drain_and_die("an old one is untracked");
}
END_TEST

/* ---- clearing: once it has begun, it is brought to its end, whatever has been done of it ---- */

static struct store_model after; /* the deed */

static void clear_by_force(struct allot_store *taken)
{
	fixture_require(!allotp_drain_lock_by_force(taken));
	allotp_clear(taken);
	allotp_drain_unlock(taken);
}

static void reset_peak_by_force(struct allot_store *taken)
{
	fixture_require(!allotp_drain_lock_by_force(taken));
	allotp_clear_peak(taken);
	allotp_drain_unlock(taken);
}

static bool has_begun;

static const char *neither_before_nor_after(struct allot_store *dead)
{
	const char *wrong;

	has_begun |= dead->header->clearing != ALLOT_CLEARING_NONE;
	drain_by_force(dead);
	if (dead->header->clearing)
		return "there is still something to be done";
	wrong = model_difference(&after, dead);
	return wrong && !has_begun ? model_difference(&model, dead) : wrong;
}

static void die_in(void (*what)(struct allot_store *), void (*in_the_model)(struct store_model *), const char *name)
{
	struct model_block *blocks = after.blocks;

	deed = what;
	verdict = neither_before_nor_after;
	has_begun = false;
	after = model;
	after.blocks = blocks;
	memcpy(after.blocks, model.blocks, model.block_count * sizeof(*blocks));
	in_the_model(&after);
	drain_and_die(name);
	fixture_require(has_begun);
	in_the_model(&model);
	deed = drain_by_force;
	verdict = wrong_after_takeover;
}

static void fill_store(void)
{
	fill_page(ALLOT_LIVE_ENTRIES - 1, 1);
	for (uint32_t i = 1; i < 40; i += 2)
		track(1, i, 1000 + i, i % 5);
	for (uint32_t i = 0; i < 100; i += 4)
		go(1, ALLOT_OP_FREE, i);
	go(1, ALLOT_OP_FREE, 0);
	happen((struct model_event){ .op = ALLOT_OP_FREE, .slot = 1, .block = 2, .family = ALLOT_FAMILY_NEW });
	go(1, ALLOT_OP_MARK, 0);
	happen((struct model_event){ .op = ALLOT_OP_GIVE_UP, .slot = 0, .block = 6, .restores = true });
	fixture_drain(&store);
}

START_TEST(clearing)
{
	takeovers = TAKEOVERS_OF_MANY;
	model_init(&after, &store, BLOCKS);
	fill_store();
	ck_assert_uint_gt(store.header->sample_count, 0);
	die_in(clear_by_force, model_clear, "all is cleared");
	ck_assert_uint_eq(store.header->sample_count, 0);
	ck_assert(store.header->flags & ALLOT_STORE_LATE);
	/* It goes on, and what was being reallocated is not known any more. */
	go(0, ALLOT_OP_RESTORE, 6);
	allocate(0, 6, 10, 1);
	go(1, ALLOT_OP_FREE, 8);
	drain_and_die("events after that");
	die_in(clear_by_force, model_clear, "all is cleared again");
	model_free(&after);
}
END_TEST

START_TEST(resetting_the_peak)
{
	model_init(&after, &store, BLOCKS);
	fill_store();
	die_in(reset_peak_by_force, model_reset_peak, "the peak is reset");
	allocate(0, 8, 100, 1);
	allocate(0, 12, 100, 2);
	go(0, ALLOT_OP_FREE, 12);
	drain_and_die("a new peak");
	model_free(&after);
}
END_TEST

/* ---- mappings: what a drainer was at when it died is given up, and said to be; nothing else may suffer ---- */

static void write_map(enum allot_op op, uint64_t page, uint64_t pages)
{
	fixture_require(fixture_write(&producers[0], (struct fixture_event){
							     .stamp = stamp++,
							     .address = 0x10000 + page * 4096,
							     .size = pages * 4096,
							     .stack = model.nodes[0],
							     .op = (uint8_t)op,
							     .domain = ALLOT_DOMAIN_MMAP,
						     }));
}

static const char *wrong_with_maps(struct allot_store *dead)
{
	const struct allot_header *header = dead->header;
	bool interrupted;

	fixture_require(!allotp_drain_lock_by_force(dead));
	allotp_drain_now(dead);
	allotp_drain_unlock(dead);
	interrupted = header->lost[ALLOT_LOST_INTERRUPTED];
	if (header->lost[ALLOT_LOST_INTERRUPTED] > 1u + (uint32_t)depth || header->lost[ALLOT_LOST_CORRUPT])
		return "too much was lost";
	if (interrupted != !!(header->flags & ALLOT_STORE_MAPS_UNCERTAIN))
		return "the flag does not say whether mappings are uncertain";
	if (!interrupted && (header->map_count != 2 || header->totals.ever_blocks != model.ever.blocks + 4 ||
			     header->totals.freed_blocks != model.freed.blocks + 2))
		return "other mappings than there should be";
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (allotp_slot(dead, i)->consumed != allotp_slot(dead, i)->published)
			return "events wait for a turn that does not come";
	}
	return model_difference(&model, dead);
}

START_TEST(mappings)
{
	verdict = wrong_with_maps;
	model.with_maps = model.any_peak = true;
	stamp = allotp_stamp(store.header->clock == ALLOT_CLOCK_COUNTER);
	allocate(0, 1, 100, 1);
	write_map(ALLOT_OP_MAP, 10, 20);
	write_map(ALLOT_OP_UNMAP, 15, 2); /* cuts it in two */
	write_map(ALLOT_OP_MAP, 40, 1);
	write_map(ALLOT_OP_MAP, 8, 8); /* replaces some */
	write_map(ALLOT_OP_UNMAP, 40, 1);
	allocate(1, 2, 200, 2);
	go(0, ALLOT_OP_FREE, 1);
	drain_and_die("mappings come and go");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-step");
	TCase *tcase = tcase_create("killed");

	if (!CAN_STEP) {
		puts("1..0 # SKIP no single instructions for user code on this processor");
		return 0;
	}
	if (UNIT_UNDER_TSAN) {
		puts("1..0 # SKIP ThreadSanitizer does not let single instructions be stepped");
		return 0;
	}
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, allocations_and_frees, 0, 2);
	tcase_add_loop_test(tcase, reallocations, 0, 2);
	tcase_add_test(tcase, growth_of_the_live_table);
	tcase_add_loop_test(tcase, double_allocations, 0, 2);
	tcase_add_test(tcase, repetitions);
	tcase_add_test(tcase, threads_and_marks);
	tcase_add_test(tcase, scopes_and_budgets);
	tcase_add_test(tcase, ring_segments);
	tcase_add_test(tcase, turns);
	tcase_add_test(tcase, events_without_tickets);
	tcase_add_test(tcase, time_series);
	tcase_add_test(tcase, tracked_blocks);
	tcase_add_test(tcase, clearing);
	tcase_add_test(tcase, resetting_the_peak);
	tcase_add_test(tcase, mappings);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
