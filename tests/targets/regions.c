/* SPDX-License-Identifier: MIT */
/* Regions: entered and left in every way, in threads, children and coroutines; marks. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "allot/trace.h"
#include "target.h"

#define BLOCK(name, size)                                                                                              \
	SITE void *name##_##size(void)                                                                                 \
	{                                                                                                              \
		return malloc(size);                                                                                   \
	}

BLOCK(in_load, 1009)
BLOCK(in_parse, 1013)
BLOCK(in_both, 1019)
BLOCK(outside, 1021)
BLOCK(in_thread, 1031)
BLOCK(in_callback, 1033)
BLOCK(after_jump, 1039)
BLOCK(in_coroutine, 1049)
BLOCK(between_calls, 1051)
BLOCK(in_child, 1061)
BLOCK(in_itself, 1063)
BLOCK(at_end, 1069)

SITE void *grown_2003(void)
{
	return realloc(malloc(1), 2003);
}

static void nested(void)
{
	ALLOT_REGION ("load") {
		void *one = in_load_1009(), *other;

		ALLOT_REGION ("parse") {
			other = in_parse_1013();
			free(in_both_1019());
			grown_2003();
		}
		free(in_both_1019());
		free(one);
		(void)other;
	}
	ALLOT_REGION ("parse")
		in_parse_1013();
	outside_1021();
}

static void entered_often(void)
{
	for (int i = 0; i < 10000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "part %d", i % 5);
		ALLOT_REGION (name)
			free(in_both_1019());
	}
}

static int leave(int how)
{
	for (int i = 0; i < 2; i++) {
		ALLOT_REGION ("left") {
			if (how == 0)
				return 0;
			if (how == 1)
				goto out;
			if (how == 2)
				break;
			if (how == 3)
				continue;
		}
		outside_1021();
	}
out:
	outside_1021();
	return 1;
}

static void left(void)
{
	for (int how = 0; how < 4; how++) {
		leave(how);
		outside_1021();
	}
}

/* ---- threads ---- */

static void *in_no_region(void *argument)
{
	in_thread_1031();
	ALLOT_REGION ("worker")
		in_thread_1031();
	return argument;
}

static void threads(void)
{
	pthread_t thread;

	ALLOT_REGION ("threads") {
		for (int i = 0; i < 3; i++) {
			REQUIRE(!pthread_create(&thread, NULL, in_no_region, NULL));
			REQUIRE(!pthread_join(thread, NULL));
		}
	}
}

/* ---- what the compiler sees no end of ---- */

static jmp_buf out;

SITE void jumps(void)
{
	ALLOT_REGION ("jumped")
		ALLOT_REGION ("deeper") {
			in_load_1009();
			longjmp(out, 1);
		}
}

SITE void enters(void)
{
	ALLOT_REGION ("entered after")
		after_jump_1039();
}

static void jumped_over(void)
{
	if (!setjmp(out))
		jumps();
	after_jump_1039();
	if (!setjmp(out))
		jumps();
	enters();
	ALLOT_REGION ("around")
		if (!setjmp(out))
			jumps();
	after_jump_1039();
	ALLOT_REGION ("around") {
		if (!setjmp(out))
			jumps();
		after_jump_1039();
	}
}

/* A block of this very call: what tells is that it begins again. */
static void jumped_within(void)
{
	for (volatile int i = 0, jumps = 0; i < 50; i++) {
		if (setjmp(out))
			jumps++;
		ALLOT_REGION ("again") {
			free(in_both_1019());
			if (jumps == i)
				longjmp(out, 1);
		}
	}
}

static int compare(const void *a, const void *b)
{
	free(in_callback_1033());
	return *(const char *)a - *(const char *)b;
}

static void called_back(void)
{
	char two[] = "ba";

	ALLOT_REGION ("sort")
		qsort(two, 2, 1, compare);
}

/* ---- regions without blocks ---- */

static unsigned long long begin(void)
{
	return allot_region_begin("between");
}

static void by_calls(void)
{
	unsigned long long region = begin(), inner;

	between_calls_1051();
	inner = allot_region_begin("inner");
	between_calls_1051();
	allot_region_end(region);
	outside_1021();
	allot_region_end(inner);
	allot_region_end(region);
	allot_region_end(0);
	outside_1021();
	ALLOT_REGION ("block") {
		allot_region_begin("never ended");
		between_calls_1051();
	}
	outside_1021();
	REQUIRE(!allot_region_begin(""));
}

static void in_itself(int depth)
{
	ALLOT_REGION ("itself") {
		in_itself_1063();
		if (depth)
			in_itself(depth - 1);
	}
}

/* ---- coroutines: other stacks, above and below ---- */

static ucontext_t here, there;
static char stacks[2][65536];

static void coroutine(void)
{
	in_coroutine_1049();
	ALLOT_REGION ("co") {
		in_coroutine_1049();
		swapcontext(&there, &here);
		in_coroutine_1049();
	}
	swapcontext(&there, &here);
}

static void coroutines(void)
{
	char *local = malloc(65536);
	void *memory[] = { stacks[0], local };

	for (int i = 0; i < 2; i++) {
		REQUIRE(!getcontext(&there));
		there.uc_stack.ss_sp = memory[i];
		there.uc_stack.ss_size = 65536;
		makecontext(&there, coroutine, 0);
		ALLOT_REGION ("switches") {
			swapcontext(&here, &there);
			in_load_1009();
			swapcontext(&here, &there);
			in_load_1009();
		}
		outside_1021();
	}
	free(local);
}

static void child(void)
{
	int status;

	ALLOT_REGION ("parent") {
		ALLOT_REGION ("forks") {
			pid_t pid = fork();

			REQUIRE(pid >= 0);
			if (!pid) {
				in_child_1061();
				ALLOT_REGION ("inside")
					in_child_1061();
				exit(0);
			}
			REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
		}
	}
}

int main(void)
{
	REQUIRE(!allot_mark("begin"));
	nested();
	REQUIRE(!allot_mark("nested"));
	entered_often();
	left();
	threads();
	jumped_over();
	jumped_within();
	called_back();
	by_calls();
	in_itself(3);
	coroutines();
	child();
	REQUIRE(allot_mark("") == -EINVAL);
	at_end_1069();
	REQUIRE(!allot_mark("begin"));
	return 0;
}
