/* SPDX-License-Identifier: MIT */
/* Strongly connected components of a graph: nodes that all lead to each other. */
#ifndef ALLOT_COMMON_COMPONENTS_H
#define ALLOT_COMMON_COMPONENTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The targets of node i are edges[first[i]] to edges[first[i + 1] - 1]; nodes whose byte in `included` is 0 are not there.
 * component[i] becomes the number of the node's component, from 1, or 0 for those that are not there. A node alone is one,
 * too. Returns how many there are, or -ENOMEM. Tarjan's algorithm, without recursion.
 */
long allotp_components(size_t count, const size_t *first, const uint32_t *edges, const char *included,
		       uint32_t *component);

#endif
