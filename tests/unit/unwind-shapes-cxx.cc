// SPDX-License-Identifier: MIT
// Shapes that only C++ has: frames with cleanups, thrown through and caught in.
#include "unwind-tour.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <vector>

namespace
{

struct Visitor {
	struct tour *tour;
	~Visitor()
	{
		tour_visit(tour); // while the stack is unwound, too
	}
};

__attribute__((noinline)) void thrower(struct tour *tour, unsigned times)
{
	Visitor visitor{ tour };
	if (times == 0)
		throw std::runtime_error("up");
	thrower(tour, times - 1);
}

void with_exception(struct tour *tour)
{
	unsigned depth = tour->depth;
	try {
		thrower(tour, tour_random(tour, 4));
	} catch (const std::exception &) {
		tour->depth = depth;
		tour_visit(tour);
	}
	tour_visit(tour);
}

void with_function(struct tour *tour)
{
	std::function<void(int)> function = [tour](int times) {
		for (int i = 0; i < times; i++)
			tour_visit(tour);
	};
	function(static_cast<int>(tour_random(tour, 3)));
}

void through_sort(struct tour *tour)
{
	std::vector<int> values{ 4, 2, 3, 1 };
	std::sort(values.begin(), values.end(), [tour](int a, int b) {
		if (tour_random(tour, 5) == 0)
			tour_visit(tour);
		return a < b;
	});
}

struct Base {
	virtual ~Base() = default;
	virtual void visit(struct tour *tour) = 0;
};

struct Other {
	virtual ~Other() = default;
	virtual void visit_other(struct tour *tour) = 0;
};

struct Derived final : Base, Other {
	void visit(struct tour *tour) override
	{
		tour_visit(tour);
		value++;
	}
	void visit_other(struct tour *tour) override // through a thunk
	{
		tour_visit(tour);
		value++;
	}
	volatile int value = 0;
};

void with_virtual(struct tour *tour)
{
	Derived derived;
	Base *base = &derived;
	Other *other = &derived;
	__asm__ volatile("" : "+r"(base), "+r"(other));
	base->visit(tour);
	other->visit_other(tour);
}

} // namespace

tour_shape *const shapes_cxx[] = { with_exception, with_function, through_sort, with_virtual, nullptr };
