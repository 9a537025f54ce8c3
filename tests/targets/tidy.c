/* SPDX-License-Identifier: MIT */
/* Gives most of its memory back before it ends, as a tidy program does. */
#include "target.h"

SITE void *kept_1901(void)
{
	return malloc(1901);
}

SITE void *at_peak_20021(void)
{
	return malloc(20021);
}

int main(void)
{
	void *blocks[3];
	int i;

	kept_1901();
	for (i = 0; i < 3; i++)
		blocks[i] = at_peak_20021();
	for (i = 0; i < 3; i++)
		free(blocks[i]);
	return 0;
}
