// SPDX-License-Identifier: MIT
// C++ thread_local objects whose destructors free and allocate, in 4 threads and in the main thread.
#include <pthread.h>

#include "target.h"

SITE void *member_431()
{
	return malloc(431);
}

SITE void in_destructor_433()
{
	free(malloc(433));
}

SITE void *left_439()
{
	return malloc(439);
}

struct holder {
	void *memory;
	holder() : memory(member_431())
	{
	}
	~holder()
	{
		free(memory);
		in_destructor_433();
		left_439();
	}
};

static thread_local holder mine;

static void *run(void *)
{
	return mine.memory;
}

int main()
{
	pthread_t threads[4];

	run(nullptr);
	for (auto &thread : threads)
		REQUIRE(pthread_create(&thread, nullptr, run, nullptr) == 0);
	for (auto &thread : threads)
		REQUIRE(pthread_join(thread, nullptr) == 0);
	return 0;
}
