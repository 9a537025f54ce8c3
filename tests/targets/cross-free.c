/* SPDX-License-Identifier: MIT */
/* Blocks that one thread allocates and another frees, both while the first lives and after its end. */
#include <pthread.h>

#include "target.h"

#define BLOCKS 1000

static void *blocks[BLOCKS];

SITE void given_away_1511(int i)
{
	blocks[i] = malloc(1511);
}

SITE void kept_too_1523(void)
{
	REQUIRE(malloc(1523));
}

SITE void free_of_another(int i)
{
	free(blocks[i]);
}

static void *produce(void *unused)
{
	int i;

	for (i = 0; i < BLOCKS; i++)
		given_away_1511(i);
	kept_too_1523();
	return unused;
}

static void *consume(void *unused)
{
	int i;

	for (i = 0; i < BLOCKS - 7; i++)
		free_of_another(i);
	return unused;
}

int main(void)
{
	pthread_t producer, consumer;

	REQUIRE(pthread_create(&producer, NULL, produce, NULL) == 0);
	REQUIRE(pthread_join(producer, NULL) == 0);
	REQUIRE(pthread_create(&consumer, NULL, consume, NULL) == 0);
	REQUIRE(pthread_join(consumer, NULL) == 0);
	free_of_another(BLOCKS - 1);
	free_of_another(BLOCKS - 2);
	return 0;
}
