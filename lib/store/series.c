/* SPDX-License-Identifier: MIT */
/* The time series: totals at a bounded number of moments. */
#include "store/series.h"

static struct allot_store_sample *series(const struct allot_store *store)
{
	return ALLOTP_AT(store, ALLOT_REGION_SERIES, struct allot_store_sample, 0);
}

/*
 * Drops every other point of a full series. If a drainer died doing it, the stamps fall back where it had come to; the
 * point before may be half copied.
 */
static void halve_series(struct allot_header *header, struct allot_store_sample *samples)
{
	uint32_t i = 0;

	while (i + 1 < ALLOT_SAMPLES && samples[i].stamp <= samples[i + 1].stamp)
		i++;
	if (i + 1 == ALLOT_SAMPLES)
		i = 0;
	for (; i < ALLOT_SAMPLES / 2; i++)
		samples[i] = samples[2 * i + 1];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	header->sample_count = ALLOT_SAMPLES / 2;
	header->sample_interval *= 2;
}

void allotp_series_recover(struct allot_store *store)
{
	if (store->header->sample_count == ALLOT_SAMPLES &&
	    allotp_store_has(store, ALLOT_REGION_SERIES, ALLOT_SAMPLES * sizeof(struct allot_store_sample)))
		halve_series(store->header, series(store));
}

void allotp_series_add(struct allot_store *store, const struct allot_store_sample *sample)
{
	struct allot_header *header = store->header;
	uint32_t count;

	if (allotp_store_need(store, ALLOT_REGION_SERIES, ALLOT_SAMPLES * sizeof(struct allot_store_sample)))
		return;
	if (header->sample_count == ALLOT_SAMPLES)
		halve_series(header, series(store));
	count = __atomic_load_n(&header->sample_count, __ATOMIC_RELAXED);
	if (count >= ALLOT_SAMPLES)
		return;
	series(store)[count] = *sample;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	header->sample_count = count + 1;
	header->next_sample = sample->stamp + header->sample_interval;
}
