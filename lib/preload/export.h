/* SPDX-License-Identifier: MIT */
/* The mark of a function that liballot.so exports; liballot.map lists the same names. */
#ifndef ALLOT_PRELOAD_EXPORT_H
#define ALLOT_PRELOAD_EXPORT_H

#define ALLOT_EXPORT __attribute__((visibility("default"), noinline, used))

#endif
