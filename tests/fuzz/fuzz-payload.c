/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader behind the checksum: what it accepts must be written and read again as the same. */
#include <stdlib.h>

#include "fuzz-reader.h"
#include "fuzz.h"
#include "snapshot-sample.h"
#include "snapshot/payload.h"
#include "snapshot/snapshot.h"

const char fuzz_corpus[] = "payload";
const unsigned long fuzz_mutations = 200000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(allotp_snapshot_parse_payload, sample_survives, data, size);
}

uint8_t *fuzz_seed(unsigned int n, size_t *size)
{
	struct allot_snapshot *snapshot;
	uint8_t *payload;

	if (n >= 6)
		return NULL;
	snapshot = n ? sample_snapshot(n, (n - 1) * 3) : allotp_snapshot_new();
	if (!snapshot || allotp_snapshot_encode(snapshot, "x", &payload, size, NULL) < 0)
		abort();
	allotp_snapshot_free(snapshot);
	return payload;
}
