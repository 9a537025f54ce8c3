/* SPDX-License-Identifier: MIT */
/* The time series: totals at a bounded number of moments. For the drainer only. */
#ifndef ALLOT_STORE_SERIES_H
#define ALLOT_STORE_SERIES_H

#include "store/store.h"

/* One more point; when the series is full, every other point goes and the steps double. */
void allotp_series_add(struct allot_store *store, const struct allot_store_sample *sample);

/* After a drainer died. */
void allotp_series_recover(struct allot_store *store);

#endif
