/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader with whole snapshot files. */
#include <stdlib.h>

#include "fuzz-reader.h"
#include "fuzz.h"
#include "snapshot-sample.h"
#include "snapshot/check.h"
#include "snapshot/container.h"
#include "snapshot/payload.h"
#include "snapshot/snapshot.h"

const char fuzz_corpus[] = "snapshot";
const unsigned long fuzz_mutations = 200000;

static bool is_sound(const struct allot_snapshot *snapshot)
{
	return !allotp_snapshot_check(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(allotp_snapshot_parse, is_sound, data, size);
}

uint8_t *fuzz_seed(unsigned int n, size_t *size)
{
	struct allot_snapshot *snapshot;
	uint8_t *payload, *file;
	size_t payload_size;

	if (n >= 4)
		return NULL;
	snapshot = sample_snapshot(n, n * 5);
	if (allotp_snapshot_encode(snapshot, "x", &payload, &payload_size, NULL) < 0 ||
	    allotp_container_pack(payload, payload_size, "x", &file, size, NULL) < 0)
		abort();
	allotp_snapshot_free(snapshot);
	free(payload);
	return file;
}
