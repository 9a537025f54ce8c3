/* SPDX-License-Identifier: MIT */
/* Opens and closes converters to character sets, one after the other: `charsets ROUNDS NAME…`. */
#include <iconv.h>

#include "target.h"

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 0;
	iconv_t converter;

	while (rounds--) {
		for (int i = 2; i < argc; i++) {
			converter = iconv_open(argv[i], "UTF-8");
			REQUIRE(converter != (iconv_t)-1);
			REQUIRE(iconv_close(converter) == 0);
		}
	}
	return 0;
}
