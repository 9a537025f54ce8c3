// SPDX-License-Identifier: MIT
// Budgets and regions in C++: exceptions that leave them, limits of 0, a failure that throws.
#include <stdexcept>
#include <string>

#include "budgets.h"

extern "C" NAMED void *leak_101(void)
{
	return malloc(101);
}

static void throws(bool leaks)
{
	ALLOT_BUDGET(.live = 0, .count = 1000) { // line: thrown
		ALLOT_REGION("throws") {
			if (leaks)
				leak_101();
			throw std::runtime_error("out of here, with a text that is not short");
		}
	}
}

static void caught(bool leaks)
{
	try {
		throws(leaks);
	} catch (const std::exception &exception) {
		printf("caught\n");
	}
}

static void throw_failure(const char *, int, const char *text)
{
	throw std::string(text);
}

static int returns()
{
	ALLOT_NO_LEAKS {
		ALLOT_REGION("returns")
			return 1;
	}
	return 0;
}

int main()
{
	static char buffer[4096];

	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	allot_check_on_failure(print_failure);
	caught(false);
	caught(true);
	returns();
	ALLOT_BUDGET(.peak = 4096, .live = 0)
		delete new int;
	ALLOT_NO_LEAKS // line: new
		new std::string(1000, 'x');
	leak_101();
	allot_check_on_failure(throw_failure);
	try {
		ALLOT_NO_LEAKS
			leak_101();
		printf("not thrown\n");
	} catch (const std::string &text) {
		printf("thrown: %s\n", text.c_str());
	}
	return 0;
}
