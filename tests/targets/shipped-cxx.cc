/* SPDX-License-Identifier: MIT */
/* The same in C++. */
#include "shipped.h"

int main()
{
	return ship();
}
