/* SPDX-License-Identifier: MIT */
/* Leads a tour: decides where to go and when to walk. */
#include "unwind-tour.h"

__thread struct tour *tour_current;

unsigned tour_random(struct tour *tour, unsigned bound)
{
	tour->random = tour->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((tour->random >> 33) % bound);
}

void tour_visit(struct tour *tour)
{
	unsigned times = 1 + tour_random(tour, 4);

	for (unsigned i = 0; i < times && tour->left > 0; i++) {
		if (tour->depth < tour->deepest && tour_random(tour, 2) == 0) {
			tour->depth++;
			tour->shapes[tour_random(tour, tour->shape_count)](tour);
			tour->depth--;
		} else {
			/* Two places, and often the same one again: as real programs do. */
			tour->left--;
			if (tour_random(tour, 2) == 0) {
				tour->walk(tour->hook);
				__asm__ volatile("nop");
			} else {
				tour->walk(tour->hook);
			}
		}
	}
}
