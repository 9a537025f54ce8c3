/* SPDX-License-Identifier: MIT */
/* The regions and budgets that a thread is in. */
#include "preload/scopes.h"

#include <errno.h>
#include <sys/mman.h>

#include "common/sys.h"
#include "preload/access.h"
#include "preload/extent.h"
#include "preload/record.h"
#include "preload/state.h"
#include "preload/thread.h"
#include "store/scope.h"

struct entry {
	uint64_t number; /* what leaves it */
	uint64_t scope;  /* the thread's inside of it, as in a node of the store */
	const void *guard;
	/* of the innermost block around it or it: */
	uintptr_t frame;  /* of its function; 0: there is none */
	uint32_t caller;  /* the stack that the function was called by */
	const char *name; /* of a region; NULL: a budget */
	uint64_t code;    /* of a budget */
};

#define ENTRIES ALLOT_NESTING

struct allot_scopes {
	uint64_t last; /* number of an entry */
	uint32_t count;
	uint32_t store; /* which of this process's stores the entries' scopes are numbers of */
	struct allot_stack_extent extent;
	struct entry entries[ENTRIES];
};

static void fence(void)
{
	/* Only a signal handler of this thread needs to see the order. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Stacks in scopes are not what the short way remembers. */
static void set_scope(uint64_t scope)
{
	allotp_thread.scope = scope;
	fence();
	allotp_thread.quick = 0;
}

static void keep(struct allot_scopes *scopes, uint32_t count)
{
	set_scope(count ? scopes->entries[count - 1].scope : 0);
	fence();
	scopes->count = count;
}

static uint32_t parent_of(uint32_t node)
{
	uint32_t parent = allotp_node(&allotp_state.store, node)->parent;

	return parent < node ? parent : ALLOT_NODE_NONE;
}

/* Whether a stack is one inside of another. A caller's number is less. */
static inline bool is_inside(uint32_t stack, uint32_t of)
{
	while (stack > of && stack >= ALLOT_NODE_FIRST)
		stack = parent_of(stack);
	return stack == of;
}

struct shape {
	uint32_t frames;
	uint32_t end; /* ALLOT_NODE_ROOT if it is complete */
};

static struct shape shape_of(uint32_t stack)
{
	struct shape shape = { 0 };

	for (; stack >= ALLOT_NODE_FIRST; stack = parent_of(stack))
		shape.frames++;
	shape.end = stack;
	return shape;
}

/* Whether it certainly is not, though the nodes of equal frames may differ. */
static bool is_outside(uint32_t stack, uint32_t of)
{
	const struct allot_store *store = &allotp_state.store;
	struct shape inner = shape_of(stack), outer = shape_of(of);

	if (inner.end != ALLOT_NODE_ROOT || outer.end != ALLOT_NODE_ROOT)
		return false;
	if (inner.frames < outer.frames)
		return true;
	for (; inner.frames > outer.frames; inner.frames--)
		stack = parent_of(stack);
	for (; stack >= ALLOT_NODE_FIRST && stack != of; stack = parent_of(stack), of = parent_of(of)) {
		if (allotp_node(store, stack)->address != allotp_node(store, of)->address)
			return true;
	}
	return false;
}

/*
 * Whether the innermost entry's function is not among those that the stack is of, and not because that is another stack, of a
 * coroutine for instance.
 */
static bool is_gone(struct allot_scopes *scopes, uint32_t stack, uintptr_t sp)
{
	const struct entry *entry = &scopes->entries[scopes->count - 1];

	if (!entry->frame || (entry->frame >= sp && (!stack || is_inside(stack, entry->caller))))
		return false;
	return allotp_extent_holds(&scopes->extent, entry->frame, sp) &&
	       (entry->frame < sp || is_outside(stack, entry->caller));
}

/* Lets go of entries that were left without a word. stack: ALLOT_NODE_NONE if it is not known. */
static void drop_gone(struct allot_scopes *scopes, uint32_t stack, uintptr_t sp)
{
	while (scopes->count && is_gone(scopes, stack, sp))
		keep(scopes, scopes->count - 1);
}

/* A block that begins again without having ended was left: its variable cannot be there twice. */
static void drop_same(struct allot_scopes *scopes, const void *guard)
{
	for (uint32_t i = 0; guard && i < scopes->count; i++) {
		if (scopes->entries[i].guard == guard) {
			keep(scopes, i);
			return;
		}
	}
}

static struct allot_scopes *open_scopes(void)
{
	struct allot_scopes *scopes = allotp_thread.scopes;
	static uint64_t threads;

	if (scopes || allotp_thread.leaving)
		return scopes;
	scopes = allotp_sys_mmap(NULL, sizeof(*scopes), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (allotp_sys_failed(scopes))
		return NULL;
	/* No other thread's entries have such numbers. */
	scopes->last = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED) << 40;
	scopes->store = allotp_state.stores;
	return allotp_thread.scopes = scopes;
}

/* What was abandoned may be clean when all is counted. */
static void count_all(void)
{
	struct allot_access access;

	if (!allotp_access_begin(&access))
		allotp_access_end(&access);
}

/* The scope inside of an entry, given that around it. A budget that is to begin says so in the ring. */
static uint64_t resolve(struct allot_context *context, const struct entry *entry, uint64_t outer)
{
	struct allot_store *store = &allotp_state.store;
	uint32_t region = (uint32_t)outer, budget = (uint32_t)(outer >> 32), number;

	if (entry->name) {
		number = allotp_scope_of(store, region, entry->name);
		return (uint64_t)budget << 32 | (number ? number : region);
	}
	number = allotp_budget_of(store, &context->budgets[(entry->code + budget) % ALLOT_CONTEXT_BUDGETS], entry->code,
				  budget, count_all);
	if (!number || !allotp_record_note(context, ALLOT_OP_BUDGET, number))
		return 0;
	allotp_budget(store, number)->abandoned = 1;
	return (uint64_t)number << 32 | region;
}

static int push(struct allot_context *context, struct entry *entry, const struct allot_scope_place *place)
{
	struct allot_scopes *scopes = open_scopes();
	struct allot_walk_result walk;
	uint32_t stack;

	if (!scopes)
		return -ENOSPC;
	stack = allotp_walk(context->walker, &place->start, &walk);
	drop_gone(scopes, stack, place->start.sp);
	drop_same(scopes, place->guard);
	entry->scope = resolve(context, entry, allotp_thread.scope);
	if (scopes->count == ENTRIES || (!entry->name && !entry->scope)) {
		if (entry->name)
			__atomic_fetch_add(&allotp_state.store.header->dropped_scopes, 1, __ATOMIC_RELAXED);
		return -ENOSPC;
	}
	entry->number = ++scopes->last;
	entry->guard = place->guard;
	if (place->frame) {
		entry->frame = (uintptr_t)place->frame;
		entry->caller = stack >= ALLOT_NODE_FIRST ? parent_of(stack) : ALLOT_NODE_NONE;
	} else if (scopes->count) {
		entry->frame = scopes->entries[scopes->count - 1].frame;
		entry->caller = scopes->entries[scopes->count - 1].caller;
	}
	scopes->entries[scopes->count] = *entry;
	fence();
	scopes->count++;
	fence();
	set_scope(entry->scope);
	return 0;
}

static int enter(struct entry *entry, const struct allot_scope_place *place)
{
	struct allot_context *context = allotp_enter();
	int result;

	if (!context)
		return -ENODATA;
	result = push(context, entry, place);
	allotp_leave();
	return result;
}

uint64_t allotp_scopes_enter(const char *name, const struct allot_scope_place *place)
{
	struct entry entry = { .name = name };

	return name && *name && !enter(&entry, place) ? entry.number : 0;
}

int allotp_scopes_enter_budget(uint64_t code, const struct allot_scope_place *place, uint64_t *number)
{
	struct entry entry = { .code = code };
	int result = enter(&entry, place);

	if (!result)
		*number = entry.number;
	return result;
}

uint32_t allotp_scopes_leave(uint64_t number)
{
	struct allot_scopes *scopes = allotp_thread.scopes;
	const struct entry *entry;

	for (uint32_t i = scopes ? scopes->count : 0; i--;) {
		entry = &scopes->entries[i];
		if (entry->number != number)
			continue;
		keep(scopes, i);
		return entry->name ? 0 : (uint32_t)(entry->scope >> 32);
	}
	return 0;
}

uint32_t allotp_scopes_node(struct allot_context *context, uint32_t stack, uintptr_t sp)
{
	struct allot_scopes *scopes = allotp_thread.scopes;
	const struct entry *innermost = &scopes->entries[scopes->count ? scopes->count - 1 : 0];
	uint64_t scope = allotp_thread.scope;
	struct allot_context_node *kept = &context->nodes[(stack ^ scope ^ scope >> 32) % ALLOT_CONTEXT_NODES];
	uint32_t node;

	if (__builtin_expect(kept->stack == stack && kept->scope == scope && kept->caller == innermost->caller &&
				     (!innermost->frame || innermost->frame >= sp),
			     1))
		return kept->node;
	if (stack == ALLOT_NODE_NONE)
		return stack;
	drop_gone(scopes, stack, sp);
	scope = allotp_thread.scope;
	if (!scope)
		return stack;
	node = allotp_scope_node(&allotp_state.store, stack, (uint32_t)scope, (uint32_t)(scope >> 32));
	/* Where the tree has no room, the stack alone has to do. */
	if (node == ALLOT_NODE_NONE)
		return stack;
	context->nodes[(stack ^ scope ^ scope >> 32) % ALLOT_CONTEXT_NODES] = (struct allot_context_node){
		.scope = scope, .stack = stack, .node = node, .caller = scopes->entries[scopes->count - 1].caller
	};
	return node;
}

void allotp_scopes_renew(struct allot_context *context)
{
	struct allot_scopes *scopes = allotp_thread.scopes;
	uint64_t scope = 0;

	if (!scopes || scopes->store == context->store)
		return;
	scopes->store = context->store;
	for (uint32_t i = 0; i < scopes->count; i++) {
		uint64_t inside = resolve(context, &scopes->entries[i], scope);

		scope = scopes->entries[i].scope = scopes->entries[i].name || inside ? inside : scope;
	}
	set_scope(scope);
}

void allotp_scopes_end(void)
{
	struct allot_scopes *scopes = allotp_thread.scopes;

	allotp_thread.scope = 0;
	fence();
	allotp_thread.scopes = NULL;
	if (scopes)
		allotp_sys_munmap(scopes, sizeof(*scopes));
}
