/* SPDX-License-Identifier: MIT */
/* Arrays that grow. */
#ifndef ALLOT_REPORT_ARRAY_H
#define ALLOT_REPORT_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* Makes *array, which has room for *room elements of size bytes, hold at least `wanted`. Returns 0 or -ENOMEM. */
int allotp_array_reserve(void *array, uint32_t *room, uint32_t wanted, size_t size);

#endif
