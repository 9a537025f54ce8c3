/* SPDX-License-Identifier: MIT */
/*
 * Cross-thread free: `handover DEPTH LANES BLOCKS ROUNDS`. In each of LANES one thread allocates BLOCKS a round and sends
 * them through a queue to another, which frees them.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "worker.h"

#define PLACES 1024 /* of a queue; a power of two */

/* One sends, one receives. Each side has its line of the cache. */
struct queue {
	_Alignas(64) _Atomic uint64_t sent;     /* release by the sender, acquire by the receiver */
	_Alignas(64) _Atomic uint64_t received; /* release by the receiver, acquire by the sender */
	_Alignas(64) void *blocks[PLACES];
};

static struct queue queues[WORKER_THREADS / 2];
static long blocks;

static void send(struct queue *queue, void *block)
{
	uint64_t sent = atomic_load_explicit(&queue->sent, memory_order_relaxed);

	while (sent - atomic_load_explicit(&queue->received, memory_order_acquire) == PLACES)
		sched_yield();
	queue->blocks[sent % PLACES] = block;
	atomic_store_explicit(&queue->sent, sent + 1, memory_order_release);
}

static void *receive(struct queue *queue)
{
	uint64_t received = atomic_load_explicit(&queue->received, memory_order_relaxed);
	void *block;

	while (received == atomic_load_explicit(&queue->sent, memory_order_acquire))
		sched_yield();
	block = queue->blocks[received % PLACES];
	atomic_store_explicit(&queue->received, received + 1, memory_order_release);
	return block;
}

static void work(struct worker *worker)
{
	struct queue *queue = &queues[worker->number / 2];

	for (long i = 0; i < blocks; i++) {
		if (worker->number % 2) {
			free(receive(queue));
		} else {
			char *block = worker_need(malloc(worker_size(worker_random(worker))));

			*(volatile char *)block = 1;
			send(queue, block);
		}
	}
}

int main(int argc, char **argv)
{
	struct workers workers = { .work = work };

	if (argc != 5) {
		fprintf(stderr, "usage: %s DEPTH LANES BLOCKS ROUNDS\n", argv[0]);
		return 2;
	}
	workers.depth = (int)worker_number(argv[1], 4, 10000);
	workers.threads = 2 * (int)worker_number(argv[2], 1, WORKER_THREADS / 2);
	blocks = worker_number(argv[3], 1, 1000000000);
	workers.rounds = (int)worker_number(argv[4], 1, 1000);
	workers_run(&workers);
	return 0;
}
