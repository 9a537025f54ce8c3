/* SPDX-License-Identifier: MIT */
/*
 * A program that forbids itself almost all system calls, on pain of death: `shut-in strict|filter|seccomp|raw-strict|raw-filter`,
 * where the last three go by the function syscall(). Then it allocates more
 * often than a ring has room for, and prints that it has survived.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target.h"

#define ALLOW(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* What libc's malloc needs, and to write and end. */
static struct sock_filter instructions[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	ALLOW(SYS_brk),
	ALLOW(SYS_mmap),
	ALLOW(SYS_munmap),
	ALLOW(SYS_write),
	ALLOW(SYS_exit),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

SITE void *before_1447(void)
{
	return malloc(1447);
}

SITE void after_1451(void)
{
	free(malloc(1451));
}

int main(int argc, char **argv)
{
	struct sock_fprog filter = { sizeof instructions / sizeof instructions[0], instructions };

	/* Room for what is to come: in strict mode there are no more system calls for memory. */
	free(malloc(100000));
	before_1447();
	if (argc > 1 && !strcmp(argv[1], "raw-strict")) {
		REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) == 0);
	} else if (argc > 1 && !strcmp(argv[1], "seccomp")) {
		REQUIRE(syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
		/* To ask whether there is such a call must not be taken for the call itself. */
		REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL) == -1 && errno == EINVAL);
		REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0);
	} else if (argc > 1 && !strcmp(argv[1], "raw-filter")) {
		REQUIRE(syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
		REQUIRE(syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0);
	} else if (argc > 1 && !strcmp(argv[1], "strict")) {
		REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
	} else {
		REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
		REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
	}
	for (int i = 0; i < 100000; i++)
		after_1451();
	write(1, "alive\n", 6);
	syscall(SYS_exit, 0);
	return 0;
}
