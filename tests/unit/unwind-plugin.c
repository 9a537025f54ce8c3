/* SPDX-License-Identifier: MIT */
/* A module to be loaded and unloaded; PLUGIN_FRAME makes frames of different size at the same place. */
#include "unwind-plugin.h"

__attribute__((visibility("default"), noinline)) void plugin_call(void (*function)(void *), void *argument)
{
	volatile char frame[PLUGIN_FRAME];

	frame[0] = 1;
	function(argument);
	frame[PLUGIN_FRAME - 1] = frame[0];
}
