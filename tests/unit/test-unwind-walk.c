/* SPDX-License-Identifier: MIT */
/* Tests the walk in situations that a tour does not come by. */
#include "snapshot/snapshot.h"
#include "unwind-hook.h"
#include "unwind-plugin.h"
#include "unwind/object.h"
#include "unwind/registered.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "unit.h"

void asm_with_pointer(void (*function)(void *), void *argument);
void asm_jumping(void (*function)(void *), void *argument, const void *next);
void asm_without_pointer(void (*function)(void *), void *argument, uint64_t fp);
void asm_without_return(void (*function)(void *), void *argument);
extern const char asm_with_pointer_end[], asm_jumping_end[], asm_without_pointer_end[];

static struct hook hook;

static void setup(void)
{
	ck_assert(hook_setup());
	hook_make(&hook, 1024);
}

#define JUDGE() ck_assert_msg(hook.differing == 0, "%lu of %lu differ\n%s", hook.differing, hook.walks, hook.difference)

static __attribute__((noinline)) void check(void *argument)
{
	hook_check(argument);
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void only_walk(void *argument)
{
	hook_walk(argument);
	__asm__ volatile("" ::: "memory");
}

START_TEST(walks_to_the_first_frame)
{
	uint64_t stack[64];
	uint32_t flags[64];
	size_t count;

	hook_check(&hook);
	JUDGE();
	count = hook_stack(hook.last.node, stack, flags, 64);
	ck_assert_uint_eq(count, hook.last.depth);
	ck_assert_uint_eq(hook_root(hook.last.node), ALLOT_NODE_ROOT);
	ck_assert_uint_eq(hook.last.stop, 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(flags[i], 0);
}
END_TEST

/*
 * The tree is asked only for what changed, and for all of it after code was unloaded. The loops are volatile lest they be
 * unrolled, which would make two calls of one.
 */
START_TEST(remembers)
{
	for (volatile int i = 0; i < 3; i++) {
		unsigned long before = hook_children;

		hook_walk(&hook);
		ck_assert_uint_eq(hook_children - before, i == 0 ? hook.last.depth : 0);
	}
	for (volatile int i = 0; i < 3; i++) {
		unsigned long before = hook_children;

		check(&hook);
		/* check itself, and the call of it here. */
		ck_assert_uint_eq(hook_children - before, i == 0 ? 2 : 0);
	}
	hook_epoch++;
	allotp_walk_code_unloaded();
	for (volatile int i = 0; i < 2; i++) {
		unsigned long before = hook_children;

		check(&hook);
		ck_assert_uint_eq(hook_children - before, i == 0 ? hook.last.depth : 0);
	}
	JUDGE();
}
END_TEST

static jmp_buf escape;

/* A signal handler may jump out of the hook that it interrupted. */
/* The short look says so only if a walk would, and code was not unloaded. */
START_TEST(knows_the_same_stack)
{
	for (volatile int i = 0; i < 6; i++) {
		unsigned long before = hook.same;

		if (i == 3)
			hook_epoch++;
		hook_check(&hook);
		ck_assert_uint_eq(hook.same - before, i != 0 && i != 3);
	}
	JUDGE();
}
END_TEST

START_TEST(recovers_from_being_left)
{
	for (volatile int i = 0; i < 4; i++) {
		hook_check(&hook);
		hook_epoch++; /* all is asked for again */
		hook_escape = &escape;
		if (setjmp(escape) == 0) {
			check(&hook);
			ck_abort_msg("the tree was not asked");
		}
		hook_escape = NULL;
		hook_check(&hook);
		check(&hook);
	}
	JUDGE();
}
END_TEST

START_TEST(recovers_from_a_full_tree)
{
	hook_tree_full = true;
	hook_walk(&hook);
	ck_assert_uint_eq(hook.last.node, ALLOT_NODE_NONE);
	hook_walk(&hook);
	ck_assert_uint_eq(hook.last.node, ALLOT_NODE_NONE);
	hook_tree_full = false;
	hook_check(&hook);
	JUDGE();
}
END_TEST

/* Returns what it was given, so that the calls are no tail calls. */
static __attribute__((noinline)) unsigned dive(unsigned depth, void (*function)(void *), void *argument)
{
	if (depth == 0)
		function(argument);
	else
		depth = dive(depth - 1, function, argument) + 1;
	__asm__ volatile("" : "+r"(depth));
	return depth;
}

/* Walks on the way out too: the same walker, at each of many depths. */
static __attribute__((noinline)) unsigned dive_and_walk(unsigned depth, unsigned step)
{
	unsigned result = 0;

	if (depth > 0)
		result = dive_and_walk(depth - 1, step) + 1;
	if (depth % step == 0)
		hook_check(&hook);
	return result;
}

START_TEST(keeps_deep_stacks_to_the_limit)
{
	static const uint32_t limits[] = { 1, 1024, ALLOT_WALK_LIMIT_MAX };
	static struct hook deep;

	hook_make(&deep, limits[_i]);
	dive(100000, check, &deep);
	ck_assert_msg(deep.differing == 0, "%s", deep.difference);
	ck_assert_uint_eq(deep.last.depth, limits[_i]);
	ck_assert_uint_eq(deep.last.status, ALLOT_WALK_LIMITED);
	dive(10, check, &deep);
	ck_assert_msg(deep.differing == 0, "%s", deep.difference);
}
END_TEST

START_TEST(walks_on_the_way_out)
{
	dive_and_walk(3000, 100);
	dive_and_walk(1100, 1);
	JUDGE();
}
END_TEST

static volatile uint64_t interrupted;

static void handle(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
#ifdef __x86_64__
	interrupted = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#else
	interrupted = ((ucontext_t *)context)->uc_mcontext.pc;
#endif
	hook_check(&hook);
	hook_check(&hook);
	__asm__ volatile("" ::: "memory");
}

static void signal_with(int flags)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | flags };
	uint64_t stack[64];
	uint32_t node_flags[64];
	size_t count;

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 3; i++) {
		hook_check(&hook);
		raise(SIGUSR1);
	}
	JUDGE();
	/* The handler, the trampoline, and the interrupted frame. */
	count = hook_stack(hook.last.node, stack, node_flags, 64);
	ck_assert_uint_gt(count, 3);
	ck_assert_uint_eq(stack[2], interrupted);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(node_flags[i], i == 2 ? ALLOT_NODE_SIGNAL : 0);
}

START_TEST(walks_through_signals)
{
	signal_with(0);
}
END_TEST

/* Alternate stacks below and above the interrupted one, and ones whose place is another's later. */
START_TEST(walks_off_alternate_stacks)
{
	char on_stack[65536];
	size_t size = 65536;

	for (int i = 0; i < 4; i++) {
		char *stack = on_stack;

		if (i > 0)
			stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		stack_t other = { .ss_sp = stack, .ss_size = size };

		ck_assert_int_eq(sigaltstack(&other, NULL), 0);
		signal_with(SA_ONSTACK);
		other.ss_flags = SS_DISABLE;
		ck_assert_int_eq(sigaltstack(&other, NULL), 0);
		if (i > 0)
			munmap(stack, size);
	}
}
END_TEST

static ucontext_t main_context, routine_context;

static void routine(void)
{
	for (unsigned i = 0;; i++) {
		dive(i % 5, check, &hook);
		swapcontext(&routine_context, &main_context);
	}
}

/*
 * The routine's stack ends where its memory ends. New ones lie where an older one was, but end earlier: the
 * walker must not believe its memory of the old one.
 */
START_TEST(walks_coroutines)
{
	const size_t size = 1 << 18, page = (size_t)sysconf(_SC_PAGESIZE);
	char *area = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_ne(area, MAP_FAILED);
	for (unsigned i = 0; i < 8; i++) {
		size_t used = size - (i % 4 + 1) * page;

		ck_assert_int_eq(mprotect(area, size, PROT_NONE), 0);
		ck_assert_int_eq(mprotect(area, used, PROT_READ | PROT_WRITE), 0);
		getcontext(&routine_context);
		routine_context.uc_stack.ss_sp = area;
		routine_context.uc_stack.ss_size = used;
		makecontext(&routine_context, routine, 0);
		for (unsigned j = 0; j < 10; j++) {
			swapcontext(&main_context, &routine_context);
			hook_check(&hook);
		}
	}
	JUDGE();
	munmap(area, size);
}
END_TEST

static void *run(void *argument)
{
	struct hook *own = argument;

	hook_make(own, 64);
	for (int i = 0; i < 3; i++)
		dive(5, check, own);
	hook_release(own);
	return NULL;
}

START_TEST(walks_threads_to_their_first_frame)
{
	for (int i = 0; i < 4; i++) {
		static struct hook own;
		pthread_t thread;

		ck_assert_int_eq(pthread_create(&thread, NULL, run, &own), 0);
		pthread_join(thread, NULL);
		ck_assert_uint_eq(own.walks, 3);
		ck_assert_msg(own.differing == 0, "%s", own.difference);
	}
}
END_TEST

START_TEST(walks_loaded_code)
{
	const char *build = getenv("ALLOT_TEST_BUILD");
	void *place = NULL;
	unsigned same_place = 0;

	for (unsigned i = 0; i < 6; i++) {
		void (*call)(void (*)(void *), void *);
		char path[4096];
		void *plugin;

		snprintf(path, sizeof(path), "%s/.libs/unwind-plugin-%c.so", build ? build : ".", i % 2 ? 'b' : 'a');
		plugin = dlopen(path, RTLD_NOW);
		ck_assert_msg(plugin != NULL, "%s", dlerror());
		call = (void (*)(void (*)(void *), void *))dlsym(plugin, "plugin_call");
		same_place += (void *)call == place;
		place = (void *)call;
		call(check, &hook);
		call(check, &hook);
		JUDGE();
		dlclose(plugin);
		hook_epoch++;
		allotp_walk_code_unloaded();
	}
	(void)same_place;
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) /* others, and emulators, put it elsewhere each time */
	ck_assert_uint_gt(same_place, 0);
#endif
}
END_TEST

static bool within(uint64_t address, const void *start, const void *end)
{
	return address > (uintptr_t)start && address < (uintptr_t)end;
}

enum { MADE = 4096 };

/* Code made at run time, of the code of a function here. */
static char *make_code(const void *function, const char *end)
{
	char *made = mmap(NULL, MADE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(made, MAP_FAILED);
	memcpy(made, function, (size_t)(end - (const char *)function));
	ck_assert_int_eq(mprotect(made, MADE, PROT_READ | PROT_EXEC), 0);
	__builtin___clear_cache(made, made + MADE);
	return made;
}

/* Code that has no unwind data, in this file and made at run time. */
START_TEST(follows_frame_pointers)
{
	const size_t size = (uintptr_t)asm_with_pointer_end - (uintptr_t)asm_with_pointer;
	char *made = make_code((const void *)asm_with_pointer, asm_with_pointer_end);
	void (*call)(void (*)(void *), void *) = asm_with_pointer;
	uint32_t depth;

	hook_walk(&hook);
	depth = hook.last.depth;
	for (int i = 0; i < 4; i++) {
		uint64_t stack[64];

		if (i >= 2)
			call = (void (*)(void (*)(void *), void *))(uintptr_t)made;
		call(only_walk, &hook);
		ck_assert_uint_eq(hook.last.status, ALLOT_WALK_COMPLETE);
		ck_assert_uint_eq(hook.last.depth, depth + 2);
		ck_assert_uint_eq(hook_stack(hook.last.node, stack, NULL, 64), depth + 2);
		ck_assert(within(stack[1], (const void *)call, (const char *)call + size));
	}
	munmap(made, MADE);
}
END_TEST

#ifdef __x86_64__
enum { SP = 7, FP = 6, RA = 16, FRAME = 32, FP_AT = 16 / 8, RA_AT = 8 / 8 };
#else
enum { SP = 31, FP = 29, RA = 30, FRAME = 64, FP_AT = 64 / 8, RA_AT = 56 / 8 };
#endif

/* What a JIT compiler would register for asm_without_pointer, as it is when it calls. */
struct eh_frame {
	struct {
		uint32_t size, id;
		uint8_t rest[16];
	} cie;
	struct {
		uint32_t size, cie;
		uint64_t start, length;
		uint8_t rest[8];
	} __attribute__((packed)) fde;
	uint32_t end;
};

static struct eh_frame describe_code(const char *code, uint64_t size)
{
	return (struct eh_frame){
		/* Version, augmentation, alignments of code and data, RA; addresses are absolute; CFA, RA and FP. */
		.cie = { 20,
			 0,
			 { 1, 'z', 'R', 0, 1, 0x78, RA, 1, 0, 0x0c, SP, FRAME, 0x80 | RA, RA_AT, 0x80 | FP, FP_AT } },
		.fde = { 28, 28, (uintptr_t)code, size, { 0 } },
	};
}

/* Code made at run time that keeps no frame pointer, but has unwind data. */
START_TEST(follows_registered_unwind_data)
{
	char *made = make_code((const void *)asm_without_pointer, asm_without_pointer_end);
	void (*call)(void (*)(void *), void *, uint64_t) =
		(void (*)(void (*)(void *), void *, uint64_t))(uintptr_t)made;
	struct eh_frame others[40], frame = describe_code(made, MADE);
	uint32_t depth;

	hook_walk(&hook);
	depth = hook.last.depth;
	for (size_t i = 0; i < 40; i++) {
		others[i] = describe_code(made + (i + 1) * MADE, MADE);
		allotp_registered_add(&others[i]);
	}
	for (volatile int again = 0; again < 3; again++) {
		ck_assert(!allotp_registered_remove(&frame));
		call(only_walk, &hook, 8);
		ck_assert_uint_eq(hook.last.status, ALLOT_WALK_TRUNCATED);
		ck_assert_uint_eq(hook.last.depth, 2);
		allotp_registered_add(&frame);
		call(only_walk, &hook, 16);
		ck_assert_uint_eq(hook.last.status, ALLOT_WALK_COMPLETE);
		ck_assert_uint_eq(hook.last.depth, depth + 2);
		ck_assert(allotp_registered_remove(&others[again]));
		ck_assert(allotp_registered_remove(&frame));
		hook_epoch++;
		allotp_walk_code_unloaded();
	}
	/* What describes nothing, or is damaged, is not taken. */
	frame.fde.length = 0;
	allotp_registered_add(&frame);
	ck_assert(!allotp_registered_remove(&frame));
	frame = describe_code(made, MADE);
	frame.cie.size = UINT32_MAX - 1;
	allotp_registered_add(&frame);
	ck_assert(!allotp_registered_remove(&frame));
	munmap(made, MADE);
}
END_TEST

/*
 * JIT compilers push return addresses and jump. In a loaded file an address without a call before it is not believed to be
 * one.
 */
START_TEST(follows_frame_pointers_through_jumps)
{
	char *inner = make_code((const void *)asm_with_pointer, asm_with_pointer_end);
	char *outer = make_code((const void *)asm_jumping, asm_jumping_end);
	void (*jump)(void (*)(void *), void *, const void *) =
		(void (*)(void (*)(void *), void *, const void *))(uintptr_t)outer;
	uint64_t stack[64];
	uint32_t depth;

	hook_walk(&hook);
	depth = hook.last.depth;
	for (volatile int i = 0; i < 2; i++) {
		jump(only_walk, &hook, inner);
		ck_assert_uint_eq(hook.last.status, ALLOT_WALK_COMPLETE);
		ck_assert_uint_eq(hook.last.depth, depth + 3);
		ck_assert_uint_eq(hook_stack(hook.last.node, stack, NULL, 64), depth + 3);
		ck_assert(within(stack[1], inner, inner + MADE));
		ck_assert(within(stack[2], outer, outer + MADE));
		asm_jumping(only_walk, &hook, inner);
		ck_assert_uint_eq(hook.last.status, ALLOT_WALK_TRUNCATED);
		ck_assert_uint_eq(hook.last.depth, 2);
	}
	munmap(inner, MADE);
	munmap(outer, MADE);
}
END_TEST

/* In code made at run time, what is where a frame pointer might be can be anything: also 0, or where data looks like code. */
START_TEST(believes_no_data_to_be_code)
{
	char *made = make_code((const void *)asm_without_pointer, asm_without_pointer_end);
	void (*call)(void (*)(void *), void *, uint64_t) =
		(void (*)(void (*)(void *), void *, uint64_t))(uintptr_t)made;
	char data[64];
	uint64_t lie[4] = { 0 }, zeroes[4] = { 0 };

	memcpy(data, (const void *)asm_with_pointer, 16);
	memset(data + 16, 0xe8, 16);
	lie[0] = (uintptr_t)&lie[2];
	const uint64_t pointers[] = { 0, (uintptr_t)&zeroes, (uintptr_t)&lie };

	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		for (size_t at = 0; at <= 32; at++) {
			lie[1] = (uintptr_t)data + at;
			call(only_walk, &hook, pointers[i]);
			ck_assert_uint_eq(hook.last.status, ALLOT_WALK_TRUNCATED);
			ck_assert_uint_eq(hook.last.depth, 2);
		}
	}
	munmap(made, MADE);
}
END_TEST

/* Where there is neither unwind data nor a frame pointer, the walk says so, and where. */
START_TEST(stops_where_no_way_is_known)
{
	uint64_t lie[2] = { 0, 0x1234567 };
	const uint64_t pointers[] = { 1, 8, (uintptr_t)&lie, UINT64_MAX - 7, UINT64_C(1) << 47 };

	lie[0] = (uintptr_t)&lie;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		uint64_t stack[64];

		for (int again = 0; again < 2; again++) {
			asm_without_pointer(only_walk, &hook, pointers[i]);
			ck_assert_uint_eq(hook.last.status, ALLOT_WALK_TRUNCATED);
			ck_assert_uint_eq(hook.last.depth, 2);
			ck_assert_uint_eq(hook_root(hook.last.node), ALLOT_NODE_TRUNCATED);
			ck_assert_uint_eq(hook_stack(hook.last.node, stack, NULL, 64), 2);
			ck_assert_uint_eq(hook.last.stop, stack[1]);
			ck_assert(within(stack[1], (const void *)asm_without_pointer, asm_without_pointer_end));
		}
	}
	/* A frame pointer of 0 is how the ABI marks the first frame. */
	asm_without_pointer(only_walk, &hook, 0);
	ck_assert_uint_eq(hook.last.status, ALLOT_WALK_COMPLETE);
	ck_assert_uint_eq(hook.last.depth, 2);
}
END_TEST

static __attribute__((noinline, noreturn)) void walk_and_escape(void *argument)
{
	hook_walk(argument);
	longjmp(escape, 1);
}

/* Coroutines of other makes begin with a return address of 0. */
START_TEST(ends_at_a_null_return_address)
{
	for (int i = 0; i < 2; i++) {
		if (setjmp(escape) == 0)
			asm_without_return(walk_and_escape, &hook);
		ck_assert_uint_eq(hook.last.status, ALLOT_WALK_COMPLETE);
		ck_assert_uint_eq(hook.last.depth, 1);
	}
}
END_TEST

/* A frame whose CFA is relative to the frame pointer, which is wrong: whatever it is, nothing is read amiss. */
START_TEST(survives_wrong_frame_pointers)
{
	volatile char *memory = alloca((size_t)(_i + 1));
	const uint64_t sp = (uintptr_t)__builtin_frame_address(0) - 64;
	const uint64_t pointers[] = {
		0, 1, 8, sp - 4096, UINT64_MAX, UINT64_MAX - 15, UINT64_C(1) << 47, UINT64_C(1) << 63
	};

	memory[0] = 1;
here:
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		struct allot_walk_start start = { .ip = (uintptr_t) && here + 1, .sp = sp, .fp = pointers[i] };

		allotp_walk(hook.walker, &start, &hook.last);
		ck_assert_uint_eq(hook.last.status, ALLOT_WALK_TRUNCATED);
		ck_assert_uint_eq(hook.last.depth, 1);
		ck_assert_uint_eq(hook.last.stop, start.ip);
	}
	hook_check(&hook);
	JUDGE();
	memory[0] = 2;
}
END_TEST

/* The frame without unwind data is in the middle: what is outside of it may change while it looks the same. */
START_TEST(notices_changes_behind_frame_pointers)
{
	for (unsigned i = 0; i < 8; i++) {
		uint32_t depth;

		hook_walk(&hook);
		depth = hook.last.depth;
		asm_with_pointer(i % 2 ? only_walk : check, &hook);
		ck_assert_uint_eq(hook.last.depth, depth + 2);
		ck_assert_uint_eq(hook.last.status, ALLOT_WALK_COMPLETE);
	}
}
END_TEST

int main(void)
{
	Suite *suite;
	TCase *tests = tcase_create("walk");

	if (hook_skips())
		return EXIT_SUCCESS;
	suite = suite_create("unwind-walk");
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, walks_to_the_first_frame);
	tcase_add_test(tests, remembers);
	tcase_add_test(tests, knows_the_same_stack);
	tcase_add_test(tests, recovers_from_being_left);
	tcase_add_test(tests, recovers_from_a_full_tree);
	tcase_add_loop_test(tests, keeps_deep_stacks_to_the_limit, 0, 3);
	tcase_add_test(tests, walks_on_the_way_out);
	tcase_add_test(tests, walks_through_signals);
	tcase_add_test(tests, walks_off_alternate_stacks);
	tcase_add_test(tests, walks_coroutines);
	tcase_add_test(tests, walks_threads_to_their_first_frame);
	tcase_add_test(tests, walks_loaded_code);
	tcase_add_test(tests, follows_frame_pointers);
	tcase_add_test(tests, follows_frame_pointers_through_jumps);
	tcase_add_test(tests, follows_registered_unwind_data);
	tcase_add_test(tests, believes_no_data_to_be_code);
	tcase_add_test(tests, stops_where_no_way_is_known);
	tcase_add_test(tests, ends_at_a_null_return_address);
	tcase_add_loop_test(tests, survives_wrong_frame_pointers, 0, 1);
	tcase_add_test(tests, notices_changes_behind_frame_pointers);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
