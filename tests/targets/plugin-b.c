/* SPDX-License-Identifier: MIT */
/* One of two libraries with the same code but for names and sizes: the other's call sites can be at the same addresses. */
#include "target.h"

void *plugin_run(void);

SITE void *plugin_b_1303(void)
{
	return malloc(1303);
}

SITE void plugin_b_freed_1319(void)
{
	free(malloc(1319));
}

__attribute__((visibility("default"))) void *plugin_run(void)
{
	plugin_b_freed_1319();
	return plugin_b_1303();
}
