/* SPDX-License-Identifier: MIT */
/* One of two libraries with the same code but for names and sizes: the other's call sites can be at the same addresses. */
#include "target.h"

void *plugin_run(void);

SITE void *plugin_a_1301(void)
{
	return malloc(1301);
}

SITE void plugin_a_freed_1307(void)
{
	free(malloc(1307));
}

__attribute__((visibility("default"))) void *plugin_run(void)
{
	plugin_a_freed_1307();
	return plugin_a_1301();
}
