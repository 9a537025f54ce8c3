/* SPDX-License-Identifier: MIT */
/*
 * Objects of liballot-object for their table: rings that nobody can reach, and what is alive. The argument says what else
 * it does: "leave" ends, "grow PATH" takes a snapshot, makes more and ends, "wait" waits for SIGTERM, "busy" changes a shared
 * heap by four threads until then, "fork" ends in a child, "late" ends in the middle of a collection, "broken" with a type
 * whose traverse function crashes outside of the process it was made in.
 */
#include <allot/gc.h>
#include <allot/trace.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "target.h"

struct node {
	struct allot_object object;
	struct node *next;
	void *value;
};

static const struct allot_field node_fields[] = {
	ALLOT_FIELD(struct node, next),
	ALLOT_FIELD(struct node, value),
	ALLOT_FIELDS_END,
};

static const struct allot_type node_type = {
	.name = "node",
	.size = sizeof(struct node),
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.fields = node_fields,
};

struct leaf {
	struct allot_object object;
	char text[24];
};

static const struct allot_type leaf_type = { .name = "leaf", .size = sizeof(struct leaf) };

/* Of no pool. */
struct page {
	struct allot_object object;
	char text[2000];
};

static const struct allot_type page_type = { .name = "page", .size = sizeof(struct page) };

struct list {
	struct allot_var_object object;
	void *items[];
};

/* Its own function, and the fields for names. */
static int list_traverse(void *object, allot_visit *visit, void *data)
{
	struct list *list = object;

	for (size_t i = 0; i < list->object.count; i++)
		ALLOT_VISIT(list->items[i]);
	return 0;
}

static const struct allot_field list_fields[] = { ALLOT_ITEMS(struct list, items), ALLOT_FIELDS_END };

static const struct allot_type list_type = {
	.name = "list",
	.size = sizeof(struct list),
	.item_size = sizeof(void *),
	.traverse = list_traverse,
	.clear = allot_clear_fields,
	.fields = list_fields,
};

static const struct allot_type anchor_type = {
	.name = "anchor",
	.size = sizeof(struct node),
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.fields = node_fields,
};

static void *last_words(void *object)
{
	return object;
}

static void late_finalize(void *object)
{
	last_words(object);
	exit(0);
}

static const struct allot_type late_type = {
	.name = "late",
	.size = sizeof(struct node),
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.finalize = late_finalize,
	.fields = node_fields,
};

static pid_t own_pid;

static int broken_traverse(void *object, allot_visit *visit, void *data)
{
	(void)object;
	(void)visit;
	(void)data;
	if (getpid() != own_pid)
		__builtin_trap();
	return 0;
}

static const struct allot_type broken_type = {
	.name = "broken",
	.size = sizeof(struct node),
	.traverse = broken_traverse,
};

SITE void *ring_node(void)
{
	return allot_new(NULL, &node_type);
}

SITE void *live_node(void)
{
	return allot_new(NULL, &node_type);
}

SITE void *make(const struct allot_type *type)
{
	return allot_new(NULL, type);
}

static void *objects[16];

/* 3 times 2 nodes, that refer to each other and to a leaf; 1 that refers to itself, and to another, which is in no cycle. */
static void lose(void)
{
	struct node *alone = ring_node();

	alone->next = alone;
	alone->value = live_node();
	for (int i = 0; i < 3; i++) {
		struct node *first = ring_node(), *second = ring_node();

		first->next = second;
		second->next = first;
		first->value = make(&leaf_type);
	}
}

/* A ring of 2 nodes, a list of a leaf, nothing and a page, 5 leaves; and 1 node that is frozen. */
static void keep(void)
{
	struct node *first, *second;
	struct list *list;

	objects[0] = live_node();
	allot_gc_freeze(NULL);
	objects[1] = first = live_node();
	second = live_node();
	first->next = second;
	second->next = allot_ref(first);
	objects[2] = list = allot_new_items(NULL, &list_type, 3);
	list->items[0] = make(&leaf_type);
	list->items[2] = make(&page_type);
	for (int i = 0; i < 5; i++)
		objects[3 + i] = make(&leaf_type);
}

static void grow(const char *path)
{
	REQUIRE(allot_take_snapshot(path) == 0);
	for (int i = 0; i < 3; i++)
		objects[8 + i] = make(&leaf_type);
	objects[11] = make(&anchor_type);
	allot_unref(objects[0]);
}

static void be_late(void)
{
	struct node *late = make(&late_type);

	late->next = late;
	allot_gc_collect(NULL, 2);
}

/* ---- A shared heap ---- */

static struct allot_heap *shared;
static atomic_bool stop;

static void rest(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	allot_heap_leave(shared);
	nanosleep(&pause, NULL);
	REQUIRE(allot_heap_enter(shared) == 0);
}

static void *change(void *unused)
{
	struct node *held = NULL;

	REQUIRE(allot_heap_enter(shared) == 0);
	for (unsigned i = 0; !stop; i++) {
		struct node *first = allot_new(shared, &node_type), *second = allot_new(shared, &node_type);

		REQUIRE(first && second);
		first->next = second;
		second->next = i % 2 ? first : NULL;
		if (i % 2)
			first = allot_ref(first);
		ALLOT_SET(held, first);
		allot_heap_safepoint(shared);
		/* So many events that whoever drains them keeps up, on a loaded machine, too. */
		if (i % 16 == 0)
			rest();
	}
	allot_unref(held);
	allot_heap_leave(shared);
	return unused;
}

enum { THREADS = 4, ANCHORS = 1000 };

static void wait_for_the_end(void)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	REQUIRE(write(STDOUT_FILENO, "ready\n", 6) == 6);
	REQUIRE(sigwait(&set, &signal) == 0);
}

static void be_busy(void)
{
	pthread_t threads[THREADS];

	REQUIRE(allot_heap_create(ALLOT_HEAP_SHARED, &shared) == 0);
	for (int i = 0; i < ANCHORS; i++) {
		struct node *anchor = allot_new(shared, &anchor_type);

		REQUIRE(anchor);
		anchor->next = objects[12];
		objects[12] = anchor;
	}
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, change, NULL) == 0);
	wait_for_the_end();
	stop = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	allot_gc_collect(shared, 2);
}

static void end_in_child(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		objects[13] = make(&anchor_type);
		exit(0);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "leave";
	sigset_t set;

	own_pid = getpid();
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	keep();
	lose();
	if (!strcmp(what, "grow"))
		grow(argv[2]);
	else if (!strcmp(what, "wait"))
		wait_for_the_end();
	else if (!strcmp(what, "busy"))
		be_busy();
	else if (!strcmp(what, "fork"))
		end_in_child();
	else if (!strcmp(what, "late"))
		be_late();
	else if (!strcmp(what, "broken"))
		objects[14] = make(&broken_type);
	return 0;
}
