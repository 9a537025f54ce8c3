/* SPDX-License-Identifier: MIT */
/*
 * Blocks that are kept alive, each by a chain of its own that begins at another kind of root, and cycles that are lost. Told to
 * wait, it prints the addresses of two blocks, and waits for a line of its standard input before it ends.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clear.h"
#include "target.h"

struct value {
	char text[24];
};

struct entry {
	char key[16];
	struct entry *next;
	struct {
		struct value *value;
	};
};

struct table {
	long used;
	struct entry *slots[4];
};

struct owner {
	long id;
	struct part *parts[2];
	char name[32];
};

struct other {
	struct other *next;
	long more[2];
};

struct part {
	struct owner *owner;
	long weight;
};

/* Not static, so that no compiler takes it to pieces. */
extern struct cache {
	int users;
	struct {
		struct table *table;
	} by_name[2];
} cache;
struct cache cache;

static void *volatile plain[4];
static __thread void *volatile own;
static uintptr_t middle; /* hidden */
static volatile pid_t ended_tid;

/* A wrapper: what it allocates is for its caller to know. */
SITE void *get(size_t size)
{
	return memset(malloc(size), 0, size);
}

SITE struct value *make_value(void)
{
	return get(sizeof(struct value));
}

SITE struct entry *make_entry(struct entry *next)
{
	struct entry *entry = get(sizeof(*entry));

	entry->next = next;
	return entry;
}

SITE struct table *make_table(void)
{
	struct table *table = malloc(sizeof(*table));

	return memset(table, 0, sizeof(*table));
}

/* value and other are of the same size: nobody can tell which of them it is. */
SITE struct value *make_one_of_two(struct value **value, struct other **other)
{
	void *block = malloc(sizeof(**value));

	memset(block, 0, sizeof(**other));
	return *value = block;
}

/* What an argument points to is there already: the block may be anything. */
SITE void *make_beside(struct other *there)
{
	return memset(malloc(sizeof(*there)), 0, sizeof(*there));
}

SITE void *make_1601(void)
{
	return get(1601);
}

SITE void *make_1602(void)
{
	return get(1602);
}

SITE void *make_1603(void)
{
	return get(1603);
}

SITE void *make_1604(void)
{
	return get(1604);
}

SITE void *make_1605(void)
{
	return get(1605);
}

SITE void *make_1606(void)
{
	return get(1606);
}

SITE void *make_1607(void)
{
	return get(1607);
}

SITE void *make_1608(void)
{
	return get(1608);
}

SITE void *make_1609(void)
{
	return get(1609);
}

SITE void *make_link(void)
{
	return get(40);
}

SITE void *make_end(void)
{
	return get(41);
}

SITE void *make_inner(void)
{
	return get(100);
}

SITE void in_cache(void)
{
	struct table *table = make_table();

	cache.by_name[1].table = table;
	table->slots[2] = make_entry(make_entry(NULL));
	table->slots[2]->next->value = make_value();
}

SITE void in_static(void)
{
	static void *volatile kept[2];

	kept[1] = make_1602();
	REQUIRE(kept[1]);
}

SITE void in_mapping(void)
{
	void **memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	memory[10] = make_1604();
}

SITE void in_key(void)
{
	pthread_key_t key;

	REQUIRE(!pthread_key_create(&key, NULL) && !pthread_setspecific(key, make_1605()));
}

SITE void in_list(void)
{
	void **head = make_end();

	for (int i = 0; i < 1000; i++) {
		void **link = make_link();

		link[4] = head;
		head = link;
		if (i == 499)
			middle = ~(uintptr_t)link;
	}
	plain[2] = head;
}

/* The shortest of the ways to the block. */
SITE void short_cut(void)
{
	void **one = make_1606(), **other = make_link();

	one[0] = other;
	other[0] = make_inner();
	one[199] = (char *)other[0] + 64;
	plain[1] = one;
}

SITE struct owner *make_owner(void)
{
	struct owner *owner = malloc(sizeof(*owner));

	return memset(owner, 0, sizeof(*owner));
}

SITE void lose_cycle(void)
{
	struct owner *owner = make_owner();
	struct part *parts = calloc(3, sizeof(*parts));

	owner->parts[1] = parts;
	parts[2].owner = owner;
}

static void *end_with_result(void *unused)
{
	(void)unused;
	ended_tid = gettid();
	return make_1608();
}

static void *wait_in_thread(void *barrier)
{
	void *volatile block = make_1603();

	clear();
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return block ? NULL : barrier;
}

/* Nobody asks for the thread's result: only the kernel knows when it has ended. */
SITE void wait_for_end(void)
{
	char path[64];

	while (!ended_tid)
		usleep(1000);
	snprintf(path, sizeof(path), "/proc/self/task/%d", (int)ended_tid);
	while (!access(path, F_OK))
		usleep(1000);
}

int main(int argc, char **argv)
{
	struct value *value;
	struct other *other;
	static pthread_barrier_t barrier; /* the thread outlives this function */
	pthread_t thread, ended;
	char line;

	REQUIRE(!pthread_barrier_init(&barrier, NULL, 2));
	REQUIRE(!pthread_create(&thread, NULL, wait_in_thread, &barrier));
	pthread_barrier_wait(&barrier);
	REQUIRE(!pthread_create(&ended, NULL, end_with_result, NULL));
	plain[0] = make_one_of_two(&value, &other);
	*(void **)plain[0] = make_1607();
	plain[3] = make_beside(NULL);
	*(void **)plain[3] = make_1609();
	value = NULL;
	own = make_1601();
	in_cache();
	in_static();
	in_mapping();
	in_key();
	in_list();
	short_cut();
	for (int i = 0; i < 3; i++)
		lose_cycle();
	wait_for_end();
	clear();
	if (argc == 2 && !strcmp(argv[1], "wait")) {
		dprintf(1, "%p 0x%zx\n", (void *)cache.by_name[1].table->slots[2], (size_t)~middle);
		REQUIRE(read(0, &line, 1) == 1);
	}
	return 0;
}
