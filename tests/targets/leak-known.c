/* SPDX-License-Identifier: MIT */
/* Loses three blocks, and says itself of one that it is no leak, as LeakSanitizer lets it. */
#include <string.h>

#include "target.h"

const char *__lsan_default_suppressions(void);

SITE void make_2001(void)
{
	*(volatile char *)malloc(2001) = 0;
}

SITE void make_2002(void)
{
	*(volatile char *)malloc(2002) = 0;
}

SITE void make_2003(void)
{
	*(volatile char *)malloc(2003) = 0;
}

const char *__lsan_default_suppressions(void)
{
	/* In which no constructor has run yet. */
	return getenv("LEAK_KNOWN") ? getenv("LEAK_KNOWN") : "# known\nleak:^make_2001$\nleak:never_there\n";
}

int main(void)
{
	make_2001();
	make_2002();
	make_2003();
	return 0;
}
