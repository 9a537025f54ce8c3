/* SPDX-License-Identifier: MIT */
/* Objects that keep each other alive: by a member of a base class, behind a base class without members, in a container, in a union. */
#include <unistd.h>

#include <vector>

#if defined(__clang__)
#define SITE __attribute__((noinline, optnone)) static
#else
#define SITE __attribute__((noipa, optimize("O0"))) static
#endif

struct empty {
};

struct base {
	virtual ~base()
	{
	}
	long id = 0;
	base *peer = nullptr;
};

struct node : empty, base {
	node *next = nullptr;
	union {
		node *either;
		long other;
	} choice = {};
	std::vector<node *> children;
	char more[40] = {};
};

namespace app
{
struct nodes {
	long count;
	node *nodes[3];
} all;
} // namespace app

SITE node *make_node()
{
	return new node;
}

SITE void build()
{
	node *first = app::all.nodes[2] = make_node();

	first->next = make_node();
	first->next->peer = make_node();
	static_cast<node *>(first->next->peer)->choice.either = make_node();
}

/* Pointers in what is left of the functions above. */
__attribute__((noinline)) static void clear()
{
	volatile char below[32768];

	for (volatile char &byte : below)
		byte = 0;
	__asm__ volatile("" : : "r"(below) : "memory");
}

int main()
{
	build();
	clear();
	_exit(0);
}
