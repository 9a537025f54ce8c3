/* SPDX-License-Identifier: MIT */
/* A program that ships with calls of its tracer in it. */
#include "shipped.h"

int main(void)
{
	return ship();
}
