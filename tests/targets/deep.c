/* SPDX-License-Identifier: MIT */
/* Allocates at the bottom of as many frames as asked: `deep FRAMES`, and once more on the way back. */
#include "target.h"

SITE void *bottom_3301(void)
{
	return malloc(3301);
}

SITE void *back_3307(void)
{
	return malloc(3307);
}

SITE void descend(long frames)
{
	if (frames > 1)
		descend(frames - 1);
	else
		bottom_3301();
	if (frames == 2)
		back_3307();
}

int main(int argc, char **argv)
{
	descend(argc > 1 ? atol(argv[1]) : 1000);
	return 0;
}
