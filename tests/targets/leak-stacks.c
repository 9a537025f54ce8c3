/* SPDX-License-Identifier: MIT */
/* Blocks that stacks, registers and threads hold, or held. */
#include "leak.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* ---- other stacks ---- */

static ucontext_t main_context, coroutine_context;

static void run_coroutine(void)
{
	void *volatile held = make_1601();

	swapcontext(&coroutine_context, &main_context);
	leak_global = held;
}

PLACE coroutine(void)
{
	REQUIRE(!getcontext(&coroutine_context));
	coroutine_context.uc_stack.ss_sp = leak_map(65536);
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

PLACE in_handler(void)
{
	const stack_t stack = { .ss_sp = leak_map(65536), .ss_size = 65536 };
	const struct sigaction action = { .sa_handler = handle, .sa_flags = SA_ONSTACK };

	REQUIRE(!sigaltstack(&stack, NULL) && !sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
}

MAKER(40961)

/* Only the kernel knows of the block. */
PLACE in_signal_stack(void)
{
	stack_t stack = { .ss_sp = make_40961(), .ss_size = 40960 };

	*(void **)stack.ss_sp = make_1601();
	REQUIRE(!syscall(SYS_sigaltstack, &stack, NULL));
	stack.ss_sp = NULL;
}

/* The coroutine runs, and the main stack waits, all of which is in use. */
static void exit_there(void)
{
	leak_clear();
	exit(0);
}

PLACE exit_from_coroutine(void)
{
	void *volatile held = make_1601();

	REQUIRE(!getcontext(&coroutine_context));
	coroutine_context.uc_stack.ss_sp = leak_map(65536);
	coroutine_context.uc_stack.ss_size = 65536;
	makecontext(&coroutine_context, exit_there, 0);
	swapcontext(&main_context, &coroutine_context);
	leak_global = held;
}

SITE void *make_stack(void)
{
	return memset(malloc(65536), 0, 65536);
}

/* A stack that is a block. */
PLACE coroutine_in_block(void)
{
	REQUIRE(!getcontext(&coroutine_context));
	coroutine_context.uc_stack.ss_sp = make_stack();
	coroutine_context.uc_stack.ss_size = 65536;
	makecontext(&coroutine_context, run_coroutine, 0);
	swapcontext(&main_context, &coroutine_context);
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

/* Until the process has one thread only: one that has ended, joined or not, has left. */
static void await_end(void)
{
	struct stat tasks;

	do {
		sched_yield();
		REQUIRE(!stat("/proc/self/task", &tasks));
	} while (tasks.st_nlink > 3);
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

PLACE in_thread_stack(void)
{
	start(stay_with_argument, make_1601());
}

static void *stay_with_tls(void *argument)
{
	leak_own = make_1602();
	leak_clear();
	stay();
	return argument;
}

PLACE in_thread_tls(void)
{
	start(stay_with_tls, NULL);
}

static void *stay_with_keys(void *argument)
{
	leak_run("in_keys");
	leak_clear();
	stay();
	return argument;
}

PLACE in_thread_keys(void)
{
	start(stay_with_keys, NULL);
}

static void *stay_with_signal_stack(void *argument)
{
	leak_run("in_signal_stack");
	leak_clear();
	stay();
	return argument;
}

PLACE in_thread_signal_stack(void)
{
	start(stay_with_signal_stack, NULL);
}

#if defined(__x86_64__)
/* Nowhere but in one register, for good. */
static void *spin_with_register(void *argument)
{
	uintptr_t block = (uintptr_t)make_1601();

	(void)argument;
	leak_clear();
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
	leak_clear();
	__asm__ volatile("movq %0, %%xmm7\n\tpslldq $8, %%xmm7\n\txor %%eax, %%eax\n\tmov %%rax, %0\n\tmovl $1, %1\n"
			 "1:\tpause\n\tjmp 1b"
			 : "+r"(block), "=m"(there)
			 :
			 : "xmm7", "rax", "memory");
	return NULL;
}

/* Below the stack pointer, where a function may leave what it calls nobody for. */
static void *spin_with_red_zone(void *argument)
{
	uintptr_t block = (uintptr_t)make_1601();

	(void)argument;
	leak_clear();
	__asm__ volatile("mov %0, -120(%%rsp)\n\txor %%eax, %%eax\n\tmov %%rax, %0\n\tmovl $1, %1\n1:\tpause\n\tjmp 1b"
			 : "+r"(block), "=m"(there)
			 :
			 : "rax", "memory");
	return NULL;
}

/* The upper half of a register of 256 bits, if there are such. */
static void *spin_with_wide_vector(void *argument)
{
	uintptr_t block = (uintptr_t)make_1601();

	(void)argument;
	leak_clear();
	if (!__builtin_cpu_supports("avx"))
		spin_with_vector(argument);
	__asm__ volatile(
		"vmovq %0, %%xmm7\n\tvinsertf128 $1, %%xmm7, %%ymm13, %%ymm13\n\tvpxor %%xmm7, %%xmm7, %%xmm7\n\t"
		"xor %%eax, %%eax\n\tmov %%rax, %0\n\tmovl $1, %1\n1:\tpause\n\tjmp 1b"
		: "+r"(block), "=m"(there)
		:
		: "xmm7", "xmm13", "rax", "memory");
	return NULL;
}

/* In the kernel's hands, and in the register that it was handed over in. */
static void *wait_with_buffer(void *argument)
{
	static int ends[2];
	uintptr_t block = (uintptr_t)make_1601();

	(void)argument;
	REQUIRE(!pipe(ends));
	leak_clear();
	__asm__ volatile("mov %0, %%rsi\n\txor %%eax, %%eax\n\tmov %%rax, %0\n\tmov %2, %%edi\n\tmov $8, %%edx\n\t"
			 "movl $1, %1\n\tsyscall"
			 : "+r"(block), "=m"(there)
			 : "m"(ends[0])
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r11", "memory");
	return NULL;
}

PLACE in_register(void)
{
	start(spin_with_register, NULL);
}

PLACE in_vector(void)
{
	start(spin_with_vector, NULL);
}

PLACE in_wide_vector(void)
{
	start(spin_with_wide_vector, NULL);
}

PLACE in_red_zone(void)
{
	start(spin_with_red_zone, NULL);
}

PLACE in_system_call(void)
{
	start(wait_with_buffer, NULL);
}
#endif

static void *hold_and_end(void *argument)
{
	void *volatile held = make_1601();
	pthread_key_t key;

	leak_own = make_1602();
	REQUIRE(!pthread_key_create(&key, NULL) && !pthread_setspecific(key, make_1603()));
	return held == argument ? argument : NULL;
}

/* glibc keeps its stack, with all that was in it. */
PLACE in_dead_thread(void)
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
	leak_clear();
	stay();
	return argument;
}

PLACE forgotten_in_thread(void)
{
	start(forget_and_stay, NULL);
}

static void *exit_here(void *argument)
{
	void *volatile held = argument;

	exit(held ? 0 : 1);
}

PLACE exit_from_thread(void)
{
	pthread_t thread;
	void *block;

	/* In this order: malloc leaves addresses in the stack, of what is behind the block that it was at last. */
	make_1602();
	block = make_1601();
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
PLACE in_raw_thread(void)
{
	char *stack = leak_map(65536);

	REQUIRE(clone(stay_in_clone, stack + 65536,
		      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		      make_1601()) > 0);
	await();
}

PLACE with_threads(void)
{
	start(stay_idle, NULL);
	leak_run("kept_chain");
	leak_run("tree");
}

/* A thread of its own memory makes an arena, whose memory is no root. */
static void *forget_in_arena(void *argument)
{
	void **holder = malloc(3000);

	*(void *volatile *)&holder[20] = make_1601();
	free(holder);
	leak_global = make_1602();
	leak_clear();
	stay();
	return argument;
}

PLACE in_arena(void)
{
	start(forget_in_arena, NULL);
}

static void *ignore_argument(void *unused)
{
	unused = NULL;
	leak_clear();
	stay();
	return unused;
}

/* Nobody but libc has it: the thread's own memory. */
PLACE in_argument(void)
{
	start(ignore_argument, make_1601());
}

static void *give(void *block)
{
	return block;
}

/* Until somebody asks for it. */
PLACE in_result(void)
{
	pthread_t thread;

	REQUIRE(!pthread_create(&thread, NULL, give, make_1601()));
	while (pthread_tryjoin_np(thread, (void **)&leak_global) == EBUSY)
		sched_yield();
	leak_global = NULL;
	REQUIRE(!pthread_create(&thread, NULL, give, make_1602()));
	await_end();
}

static void *hold_and_leave(void *argument)
{
	void *volatile held = argument;

	leak_own = make_1602();
	__atomic_store_n(&there, 1, __ATOMIC_RELEASE);
	return held ? NULL : argument;
}

/* Nobody waits for its end. */
PLACE in_detached_thread(void)
{
	pthread_attr_t detached;
	pthread_t thread;

	REQUIRE(!pthread_attr_init(&detached) && !pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED));
	REQUIRE(!pthread_create(&thread, &detached, hold_and_leave, make_1601()));
	await_end();
}

/* A stack that the program has made: it stays when the thread has ended. */
PLACE in_own_stack(void)
{
	pthread_attr_t own;
	pthread_t thread;

	REQUIRE(!pthread_attr_init(&own) && !pthread_attr_setstack(&own, leak_map(1 << 17), 1 << 17));
	REQUIRE(!pthread_create(&thread, &own, stay_with_argument, make_1601()));
	await();
}

static void exit_late(void *block)
{
	exit(block ? 0 : 1);
}

static void *end_with_key(void *argument)
{
	pthread_key_t key;

	leak_own = make_1602();
	REQUIRE(!pthread_key_create(&key, exit_late) && !pthread_setspecific(key, make_1601()));
	return argument;
}

/* What a thread has while it ends. */
PLACE exit_from_destructor(void)
{
	pthread_t thread;

	REQUIRE(!pthread_create(&thread, NULL, end_with_key, NULL));
	pthread_join(thread, NULL);
}

static pthread_t first;

static void *outlive(void *argument)
{
	void *volatile held = make_1602();

	REQUIRE(!pthread_join(first, NULL));
	return held ? argument : NULL;
}

/* The main thread ends, and the process with the last one. */
PLACE main_ends_first(void)
{
	pthread_t thread;

	leak_global = make_1601();
	first = pthread_self();
	REQUIRE(!pthread_create(&thread, NULL, outlive, NULL));
	pthread_exit(NULL);
}

const struct leak_place leak_stacks[] = {
	AT(coroutine),
	AT(coroutine_in_block),
	AT(exit_from_coroutine),
	AT(in_handler),
	AT(in_signal_stack),
	AT(in_thread_stack),
	AT(in_own_stack),
	AT(in_thread_tls),
	AT(in_thread_keys),
	AT(in_thread_signal_stack),
	AT(in_argument),
	AT(in_result),
	AT(in_dead_thread),
	AT(in_detached_thread),
	AT(forgotten_in_thread),
	AT(exit_from_thread),
	AT(exit_from_destructor),
	AT(main_ends_first),
	AT(in_raw_thread),
	AT(with_threads),
	AT(in_arena),
#if defined(__x86_64__)
	AT(in_register),
	AT(in_vector),
	AT(in_wide_vector),
	AT(in_red_zone),
	AT(in_system_call),
#endif
	{ NULL, NULL },
};
