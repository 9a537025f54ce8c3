// SPDX-License-Identifier: MIT
// Exceptions thrown through frames that own blocks: 50 from far down, 50 from a constructor inside operator new.
#include <memory>
#include <stdexcept>

#include "target.h"

struct block {
	void *memory;
	explicit block(void *m) : memory(m)
	{
	}
	~block()
	{
		free(memory);
	}
};

SITE void *owned_601()
{
	return malloc(601);
}

SITE void *after_613()
{
	return malloc(613);
}

SITE void descend(int depth)
{
	block owner(owned_601());
	if (depth == 0)
		throw depth;
	descend(depth - 1);
}

struct unlucky {
	char room[617];
	unlucky()
	{
		throw 1;
	}
};

SITE unlucky *new_unlucky_617()
{
	return new unlucky;
}

int main()
{
	int caught = 0;
	for (int i = 0; i < 50; i++) {
		try {
			descend(10);
		} catch (int) {
			caught++;
			free(after_613());
		}
		try {
			new_unlucky_617();
		} catch (int) {
			caught++;
		}
	}
	REQUIRE(caught == 100);
	return 0;
}
