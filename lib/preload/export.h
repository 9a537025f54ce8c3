/* SPDX-License-Identifier: MIT */
/* The mark of what liballot.so exports; liballot.map lists the same names. */
#ifndef ALLOT_PRELOAD_EXPORT_H
#define ALLOT_PRELOAD_EXPORT_H

#define ALLOT_EXPORT __attribute__((visibility("default"), noinline, used))
#define ALLOT_EXPORT_DATA __attribute__((visibility("default"), used))

#endif
