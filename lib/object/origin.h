/* SPDX-License-Identifier: MIT */
/* Where an object came from, if the tracer knows. */
#ifndef ALLOT_OBJECT_ORIGIN_H
#define ALLOT_OBJECT_ORIGIN_H

struct allot_object;

/*
 * The stack that made an object, from the first frame outside this library on: return addresses, innermost first. How many;
 * a negative errno if the tracer is not there or does not know the object.
 */
int allotp_origin_find(const struct allot_object *object, void **frames, int capacity);

#endif
