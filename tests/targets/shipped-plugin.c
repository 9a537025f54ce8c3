/* SPDX-License-Identifier: MIT */
/* A library with the calls in it, for a program that has none. */
#include "shipped.h"

__attribute__((visibility("default"))) int plugin_ship(void);

int plugin_ship(void)
{
	return ship();
}
