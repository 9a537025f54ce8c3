/* SPDX-License-Identifier: MIT */
/*
 * Blocks that are lost, or kept by one pointer in one place, by the name of the place. Each is made by make_N, a function of its
 * own, whose name tells the size; stale copies of pointers in the stack and in registers are cleared. Built at several levels of
 * optimisation.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "target.h"

#define MAKER(size)                                                                                                    \
	SITE void *make_##size(void)                                                                                   \
	{                                                                                                              \
		return memset(malloc(size), 0, size);                                                                  \
	}

MAKER(1601)
MAKER(1602)
MAKER(1603)
MAKER(24)
MAKER(48)

static void *volatile global;
static __thread void *volatile own;

/* Nothing of what was called before is left below the caller's frame, nor in the registers that calls may spoil. */
__attribute__((noinline)) static void clear(void)
{
	volatile char below[32768];

	for (size_t i = 0; i < sizeof(below); i++)
		below[i] = 0;
	__asm__ volatile("" : : "r"(below) : "memory");
#if defined(__x86_64__)
	__asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\tpxor %%xmm2, %%xmm2\n\tpxor %%xmm3, %%xmm3\n\t"
			 "xor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%esi, %%esi\n\txor %%edi, %%edi"
			 :
			 :
			 : "xmm0", "xmm1", "xmm2", "xmm3", "rcx", "rdx", "rsi", "rdi");
#endif
}

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	return memory;
}

/* ---- one thread ---- */

SITE void lost(void)
{
	make_1601();
}

SITE void in_global(void)
{
	global = make_1601();
}

SITE void in_tls(void)
{
	own = make_1601();
}

SITE void empty(void)
{
	global = malloc(0);
	global = NULL;
}

SITE void chain(void)
{
	void **a = make_1601(), **b = make_1602(), **c = make_1603();

	a[0] = b;
	b[10] = c;
}

SITE void kept_chain(void)
{
	chain();
	global = make_24();
	*(void **)global = make_1601();
}

SITE void tree(void)
{
	void **root = make_48();

	for (int i = 0; i < 3; i++) {
		void **node = root[i] = make_24();

		node[0] = make_1601();
		node[1] = make_1602();
	}
}

SITE void list(void)
{
	void **head = NULL;

	for (int i = 0; i < 300000; i++) {
		void **node = make_24();

		node[0] = head;
		head = node;
	}
	if (own)
		global = head;
}

SITE void kept_list(void)
{
	own = (void *)(uintptr_t)&global;
	list();
	own = NULL;
}

SITE void cycle(void)
{
	void **a = make_24(), **b = make_24(), **c = make_24();

	a[2] = b;
	b[0] = c;
	c[1] = a;
}

SITE void hanging_cycle(void)
{
	void **leader = make_48(), **a = make_24(), **b = make_24();

	a[0] = b;
	b[0] = a;
	leader[5] = b;
}

SITE void interior(void)
{
	global = (char *)make_1601() + 800;
}

SITE void interior_chain(void)
{
	void **a = make_1601();

	a[3] = make_1602();
	global = (char *)a + 8;
}

SITE void tagged(void)
{
	global = (void *)((uintptr_t)make_1601() | 1);
}

SITE void hidden(void)
{
	global = (void *)~(uintptr_t)make_1601();
}

SITE void unaligned(void)
{
	static char bytes[17] __attribute__((aligned(8)));
	void *block = make_1601();

	memcpy(bytes + 1, &block, sizeof(block));
}

SITE void length_before(void)
{
	uint64_t *block = make_1602();

	block[0] = 1602 - 8;
	global = block + 1;
}

SITE void *make_7001(void *block)
{
	return realloc(block, 7001);
}

SITE void resized(void)
{
	void **block = make_24();

	block[0] = make_1601();
	global = make_7001(block);
}

SITE void *make_aligned(void)
{
	void **first = memalign(4096, 1603), *next;

	memset(first, 0, 1603);
	REQUIRE(!posix_memalign(&next, 256, 1603));
	memset(next, 0, 1603);
	*first = next;
	((void **)next)[1] = memset(aligned_alloc(64, 1664), 0, 1664);
	return first;
}

SITE void aligned(void)
{
	global = make_aligned();
}

SITE void freed_holder(void)
{
	void **holder = malloc(3000);

	holder[20] = make_1601();
	free(holder);
}

SITE void *make_large(void)
{
	return memset(malloc(1 << 20), 0, 1 << 20);
}

/* Large blocks are mappings of their own: one holds another, or nobody holds it. */
SITE void large(void)
{
	void **kept = make_large();

	global = kept;
	kept[70000] = make_1601();
	*(void **)make_large() = make_1602();
}

SITE void in_mapping(void)
{
	void **memory = map(8192);

	memory[700] = make_1601();
}

SITE void in_closed_mapping(void)
{
	void **memory = map(8192);

	memory[700] = make_1601();
	REQUIRE(!mprotect(memory, 8192, PROT_NONE));
}

SITE void in_read_only_mapping(void)
{
	void **memory = map(8192);

	memory[700] = make_1601();
	REQUIRE(!mprotect(memory, 8192, PROT_READ));
}

SITE void in_shared_mapping(void)
{
	void **memory = mmap(NULL, 1 << 24, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	memory[100000] = make_1601();
}

SITE void in_closed_block(void)
{
	void **block = memalign(4096, 8192);

	block[3] = make_1601();
	global = block;
	REQUIRE(!mprotect(block, 8192, PROT_NONE));
}

SITE void in_plugin(void)
{
	void *plugin = dlopen("./tests/targets/.libs/leak-plugin.so", RTLD_NOW);
	void (*keep)(void *, void *);

	REQUIRE(plugin);
	*(void **)&keep = dlsym(plugin, "leak_keep");
	keep(make_1601(), make_1602());
}

SITE void in_other_namespace(void)
{
	void *plugin = dlmopen(LM_ID_NEWLM, "./tests/targets/.libs/leak-plugin.so", RTLD_NOW);
	void (*keep)(void *, void *);

	REQUIRE(plugin);
	*(void **)&keep = dlsym(plugin, "leak_keep");
	keep(make_1601(), make_1602());
}

SITE void in_keys(void)
{
	pthread_key_t key;

	REQUIRE(!pthread_key_create(&key, NULL) && !pthread_setspecific(key, make_1601()));
	for (int i = 0; i < 100; i++)
		REQUIRE(!pthread_key_create(&key, NULL));
	/* of the second level */
	REQUIRE(!pthread_setspecific(key, make_1602()));
}

/* ---- other stacks ---- */

static ucontext_t main_context, coroutine_context;

static void run_coroutine(void)
{
	void *volatile held = make_1601();

	swapcontext(&coroutine_context, &main_context);
	global = held;
}

SITE void coroutine(void)
{
	REQUIRE(!getcontext(&coroutine_context));
	coroutine_context.uc_stack.ss_sp = map(65536);
	coroutine_context.uc_stack.ss_size = 65536;
	makecontext(&coroutine_context, run_coroutine, 0);
	swapcontext(&main_context, &coroutine_context);
}

static void handle(int number)
{
	void *volatile held = make_1601();

	(void)number;
	exit(held ? 0 : 1);
}

SITE void in_handler(void)
{
	const stack_t stack = { .ss_sp = map(65536), .ss_size = 65536 };
	const struct sigaction action = { .sa_handler = handle, .sa_flags = SA_ONSTACK };

	REQUIRE(!sigaltstack(&stack, NULL) && !sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
}

/* ---- threads; each says when it is there, and stays ---- */

static volatile int there;

static void stay(void)
{
	__atomic_store_n(&there, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static void await(void)
{
	while (!__atomic_load_n(&there, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	REQUIRE(!pthread_create(&thread, NULL, run, argument));
	await();
}

static void *stay_with_argument(void *argument)
{
	void *volatile held = argument;

	stay();
	return held;
}

SITE void in_thread_stack(void)
{
	start(stay_with_argument, make_1601());
}

static void *stay_with_tls(void *argument)
{
	own = make_1602();
	clear();
	stay();
	return argument;
}

SITE void in_thread_tls(void)
{
	start(stay_with_tls, NULL);
}

static void *stay_with_keys(void *argument)
{
	in_keys();
	clear();
	stay();
	return argument;
}

SITE void in_thread_keys(void)
{
	start(stay_with_keys, NULL);
}

#if defined(__x86_64__)
/* Nowhere but in one register, for good. */
static void *spin_with_register(void *argument)
{
	uintptr_t block = (uintptr_t)make_1601();

	(void)argument;
	clear();
	__asm__ volatile("mov %0, %%r13\n\txor %%eax, %%eax\n\tmov %%rax, %0\n\tmovl $1, %1\n1:\tpause\n\tjmp 1b"
			 : "+r"(block), "=m"(there)
			 :
			 : "r13", "rax", "memory");
	return NULL;
}

static void *spin_with_vector(void *argument)
{
	uintptr_t block = (uintptr_t)make_1601();

	(void)argument;
	clear();
	__asm__ volatile("movq %0, %%xmm7\n\tpslldq $8, %%xmm7\n\txor %%eax, %%eax\n\tmov %%rax, %0\n\tmovl $1, %1\n"
			 "1:\tpause\n\tjmp 1b"
			 : "+r"(block), "=m"(there)
			 :
			 : "xmm7", "rax", "memory");
	return NULL;
}

SITE void in_register(void)
{
	start(spin_with_register, NULL);
}

SITE void in_vector(void)
{
	start(spin_with_vector, NULL);
}
#endif

static void *hold_and_end(void *argument)
{
	void *volatile held = make_1601();
	pthread_key_t key;

	own = make_1602();
	REQUIRE(!pthread_key_create(&key, NULL) && !pthread_setspecific(key, make_1603()));
	return held == argument ? argument : NULL;
}

/* glibc keeps its stack, with all that was in it. */
SITE void in_dead_thread(void)
{
	pthread_t thread;

	REQUIRE(!pthread_create(&thread, NULL, hold_and_end, NULL) && !pthread_join(thread, NULL));
}

static void *stay_idle(void *argument)
{
	stay();
	return argument;
}

/* Dead stack of a thread that lives is dead all the same. */
static void *forget_and_stay(void *argument)
{
	make_1601();
	clear();
	stay();
	return argument;
}

SITE void forgotten_in_thread(void)
{
	start(forget_and_stay, NULL);
}

static void *exit_here(void *argument)
{
	void *volatile held = argument;

	exit(held ? 0 : 1);
}

SITE void exit_from_thread(void)
{
	pthread_t thread;
	void *block = make_1601();

	make_1602();
	REQUIRE(!pthread_create(&thread, NULL, exit_here, block));
	block = NULL;
	pthread_join(thread, NULL);
}

static int stay_in_clone(void *argument)
{
	void *volatile held = argument;

	__atomic_store_n(&there, 1, __ATOMIC_RELEASE);
	for (;;)
		syscall(SYS_pause);
	return held ? 0 : 1;
}

/* A thread that libc knows nothing of. */
SITE void in_raw_thread(void)
{
	char *stack = map(65536);

	REQUIRE(clone(stay_in_clone, stack + 65536,
		      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		      make_1601()) > 0);
	await();
}

SITE void with_threads(void)
{
	start(stay_idle, NULL);
	kept_chain();
	tree();
}

/* A thread of its own memory makes an arena, whose memory is no root. */
static void *forget_in_arena(void *argument)
{
	void **holder = malloc(3000);

	holder[20] = make_1601();
	free(holder);
	global = make_1602();
	clear();
	stay();
	return argument;
}

SITE void in_arena(void)
{
	start(forget_in_arena, NULL);
}

/* ---- ends ---- */

SITE void by_quick_exit(void)
{
	make_1601();
	global = make_1602();
	clear();
	quick_exit(0);
}

SITE void by_underscore_exit(void)
{
	make_1601();
	global = make_1602();
	clear();
	_exit(0);
}

static void lose_late(void)
{
	make_1602();
	clear();
}

SITE void at_exit_handler(void)
{
	REQUIRE(!atexit(lose_late));
}

SITE void in_stack_at_exit(void)
{
	void *volatile held = make_1601();

	clear();
	exit(held ? 0 : 1);
}

/* What the child inherits is not its own, but may hold what is. */
SITE void forked(void)
{
	void **holder = global = make_48();
	pid_t child = fork();

	REQUIRE(child >= 0);
	if (child) {
		REQUIRE(waitpid(child, NULL, 0) == child);
		return;
	}
	holder[0] = make_1601();
	make_1602();
}

static const struct {
	const char *name;
	void (*run)(void);
} places[] = {
#define PLACE(name)                                                                                                    \
	{                                                                                                              \
#name, name                                                                                            \
	}
	PLACE(lost),
	PLACE(in_global),
	PLACE(in_tls),
	PLACE(empty),
	PLACE(chain),
	PLACE(kept_chain),
	PLACE(tree),
	PLACE(list),
	PLACE(kept_list),
	PLACE(cycle),
	PLACE(hanging_cycle),
	PLACE(interior),
	PLACE(interior_chain),
	PLACE(tagged),
	PLACE(hidden),
	PLACE(unaligned),
	PLACE(length_before),
	PLACE(resized),
	PLACE(aligned),
	PLACE(freed_holder),
	PLACE(large),
	PLACE(in_mapping),
	PLACE(in_closed_mapping),
	PLACE(in_read_only_mapping),
	PLACE(in_shared_mapping),
	PLACE(in_closed_block),
	PLACE(in_plugin),
	PLACE(in_other_namespace),
	PLACE(in_keys),
	PLACE(coroutine),
	PLACE(in_handler),
	PLACE(in_thread_stack),
	PLACE(in_thread_tls),
	PLACE(in_thread_keys),
#if defined(__x86_64__)
	PLACE(in_register),
	PLACE(in_vector),
#endif
	PLACE(in_dead_thread),
	PLACE(forgotten_in_thread),
	PLACE(exit_from_thread),
	PLACE(in_raw_thread),
	PLACE(with_threads),
	PLACE(in_arena),
	PLACE(by_quick_exit),
	PLACE(by_underscore_exit),
	PLACE(at_exit_handler),
	PLACE(in_stack_at_exit),
	PLACE(forked),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(argv[1], places[i].name))
			continue;
		places[i].run();
		clear();
		return 0;
	}
	fprintf(stderr, "usage: leak PLACE\n");
	return 2;
}
