/* SPDX-License-Identifier: MIT */
/* Sites that grow at different times: the peak is of the whole program, and each site's share of it is what it had then. */
#include "target.h"

static void *many[20], *few[5];

SITE void grows_1000(int i)
{
	many[i] = malloc(1000);
}

SITE void at_peak_3000(int i)
{
	few[i] = malloc(3000);
}

SITE void before_peak_4000(void)
{
	free(malloc(4000));
}

SITE void *after_peak_2000(void)
{
	return malloc(2000);
}

int main(void)
{
	int i;

	before_peak_4000();
	for (i = 0; i < 10; i++)
		grows_1000(i);
	for (i = 0; i < 5; i++)
		at_peak_3000(i); /* 25000 bytes in 15 blocks: the peak */
	for (i = 0; i < 5; i++)
		free(few[i]);
	for (i = 10; i < 20; i++)
		grows_1000(i); /* 20000 bytes */
	for (i = 0; i < 3; i++)
		free(many[i]);
	after_peak_2000();
	return 0;
}
