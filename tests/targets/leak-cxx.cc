// SPDX-License-Identifier: MIT
// Blocks whose start no pointer points to, as C++ keeps them, by the name of the place: strings as they were before C++11 (what the
// program is built for), arrays with destructors, second base classes; and what libstdc++'s containers and destructors do.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "clear.h"

#if defined(__clang__)
#define SITE __attribute__((noinline, optnone)) static
#else
#define SITE __attribute__((noipa, optimize("O0"))) static
#endif

namespace
{

struct part {
	int numbers[5];
	~part()
	{
		std::memset(numbers, 0, sizeof(numbers));
	}
};

struct first {
	virtual ~first() = default;
	char text[300] = {};
};

struct second {
	virtual ~second() = default;
	char text[300] = {};
};

struct both : first, second {
};

part *volatile array, *volatile none;
second *volatile base;
std::string *volatile text;
std::vector<std::unique_ptr<both>> owned;
std::map<int, std::shared_ptr<part>> shared;
std::map<int, std::shared_ptr<part>> *volatile kept;
thread_local std::string of_thread;

SITE part *make_parts(size_t count)
{
	return new part[count];
}

SITE both *make_both()
{
	return new both;
}

SITE std::shared_ptr<part> make_shared()
{
	return std::make_shared<part>();
}

SITE std::string make_string(size_t size)
{
	return std::string(size, 'x');
}

SITE std::string *make_pointer()
{
	return new std::string(make_string(1000));
}

SITE std::map<int, std::shared_ptr<part>> *make_map()
{
	return new std::map<int, std::shared_ptr<part>>;
}

__attribute__((noinline)) void in_array()
{
	array = make_parts(10);
}

// Its end is all that there is of it.
__attribute__((noinline)) void in_empty_array()
{
	none = make_parts(0);
	make_parts(0);
}

__attribute__((noinline)) void in_second_base()
{
	base = make_both();
}

__attribute__((noinline)) void in_string()
{
	text = make_pointer();
}

__attribute__((noinline)) void in_containers()
{
	kept = make_map();
	for (int i = 0; i < 100; i++)
		(*kept)[i] = make_shared();
}

// Nothing of this is there when all destructors have run.
__attribute__((noinline)) void in_objects()
{
	for (int i = 0; i < 100; i++) {
		owned.emplace_back(make_both());
		shared[i] = make_shared();
	}
	of_thread = make_string(500);
}

struct late {
	bool loses = false;
	~late()
	{
		if (loses)
			make_parts(1);
		clear();
	}
} at_end;

__attribute__((noinline)) void in_destructor()
{
	at_end.loses = true;
}

const struct {
	const char *name;
	void (*run)();
} places[] = {
	{ "in_array", in_array },           { "in_empty_array", in_empty_array }, { "in_second_base", in_second_base },
	{ "in_string", in_string },         { "in_containers", in_containers },   { "in_objects", in_objects },
	{ "in_destructor", in_destructor },
};

} // namespace

int main(int argc, char **argv)
{
	for (const auto &place : places) {
		if (argc != 2 || std::strcmp(argv[1], place.name))
			continue;
		place.run();
		clear();
		return 0;
	}
	std::fprintf(stderr, "usage: leak-cxx PLACE\n");
	return 2;
}
