/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes freezing. An input is a row of edits to a small sound store, eight bytes each; whatever they do, the store
 * must freeze to a snapshot that keeps its promises and that a file gives back.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/error.h"
#include "fuzz.h"
#include "snapshot-sample.h"
#include "snapshot/freeze.h"
#include "snapshot/snapshot.h"
#include "store-sample.h"

const char fuzz_corpus[] = "freeze";
const unsigned long fuzz_mutations = 5000;

struct edit {
	uint8_t region; /* of enum allot_region_id, modulo */
	uint8_t how;    /* low bits: how many bytes; high bit: the value's complement */
	uint8_t offset[2];
	uint8_t value[4];
};

#define EDITS 64

/* The first items of a region are those that something points to. */
#define REACH 1024u

struct undo {
	uint8_t *place;
	uint64_t old;
};

static struct store_sample store;

static void open_store(void)
{
	if (store.base)
		return;
	store = store_sample_new();
	store_sample_add_scopes(&store);
	/* edits of the region table may put a region anywhere in the store */
	if (mprotect(store.base, store.size, PROT_READ | PROT_WRITE))
		abort();
}

static uint8_t *place_of(const struct edit *edit)
{
	size_t offset = edit->offset[0] | (size_t)edit->offset[1] << 8;
	int region = edit->region % ALLOT_REGIONS;
	uint64_t start;

	if (region == ALLOT_REGION_HEADER)
		return store.base + offset % (sizeof(struct allot_header));
	/* the table itself may have been edited; the regions follow each other as they were made */
	start = (sizeof(struct allot_header) + 4095) / 4096 * 4096 +
		(uint64_t)(region - 1) * 2 * STORE_SAMPLE_COMMITTED;
	return store.base + start + offset % REACH;
}

static void apply(const struct edit *edit, struct undo *undo)
{
	uint64_t value = edit->value[0] | (uint64_t)edit->value[1] << 8 | (uint64_t)edit->value[2] << 16 |
			 (uint64_t)edit->value[3] << 24;

	undo->place = place_of(edit);
	memcpy(&undo->old, undo->place, sizeof(undo->old));
	if (edit->how & 0x80)
		value = ~value;
	memcpy(undo->place, &value, (size_t)1 << (edit->how & 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct allot_freeze_options options = { .with_blocks = true };
	struct allot_snapshot *snapshot;
	struct allot_error error = { "" };
	struct undo undo[EDITS];
	size_t edits = size / sizeof(struct edit) < EDITS ? size / sizeof(struct edit) : EDITS;

	open_store();
	for (size_t i = 0; i < edits; i++) {
		struct edit edit;

		memcpy(&edit, data + i * sizeof(edit), sizeof(edit));
		apply(&edit, &undo[i]);
	}
	if (allotp_freeze(store.base, store.size, &options, &snapshot, &error) == 0) {
		if (!sample_survives(snapshot))
			abort();
		allotp_snapshot_free(snapshot);
	} else if (!error.text[0]) {
		abort();
	}
	while (edits-- > 0)
		memcpy(undo[edits].place, &undo[edits].old, sizeof(undo[edits].old));
	return 0;
}

uint8_t *fuzz_seed(unsigned int n, size_t *size)
{
	uint8_t *edits;
	uint64_t state = n;

	if (n >= 8)
		return NULL;
	*size = n * sizeof(struct edit);
	edits = malloc(*size + 1);
	if (!edits)
		abort();
	for (size_t i = 0; i < *size; i++)
		edits[i] = (uint8_t)sample_next(&state);
	return edits;
}
