/* SPDX-License-Identifier: MIT */
/*
 * System calls for code that runs in the traced program: they leave errno alone and bypass the libc
 * functions that we, or the program, interpose. Each returns its result or a negative errno.
 */
#ifndef ALLOT_COMMON_SYS_H
#define ALLOT_COMMON_SYS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's answer: the result or a negative errno. */
#if defined(__x86_64__)
#define ALLOTP_SYSCALLS_RAW 1
static inline long allotp_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long fourth __asm__("r10") = d, fifth __asm__("r8") = e, sixth __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
#define ALLOTP_SYSCALLS_RAW 1
static inline long allotp_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long which __asm__("x8") = number, first __asm__("x0") = a, second __asm__("x1") = b;
	register long third __asm__("x2") = c, fourth __asm__("x3") = d, fifth __asm__("x4") = e,
			    sixth __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(first)
			 : "r"(which), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
			 : "memory");
	return first;
}
#else
#define ALLOTP_SYSCALLS_RAW 0
static inline long allotp_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	int saved = errno;
	long result = syscall(number, a, b, c, d, e, f);

	if (result == -1)
		result = -errno;
	errno = saved;
	return result;
}
#endif

/* With as many arguments as it has. */
#define ALLOTP_SYSCALL(...) ALLOTP_SYSCALL_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define ALLOTP_SYSCALL_(number, a, b, c, d, e, f, ...)                                                                 \
	allotp_syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* As libc's syscall(): -1 and errno. */
static inline long allotp_sys_told(long result)
{
	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

/* The address, or a value for which allotp_sys_failed() is true. */
static inline void *allotp_sys_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	return (void *)ALLOTP_SYSCALL(SYS_mmap, address, size, protection, flags, fd, offset);
}

static inline int allotp_sys_failed(const void *address)
{
	return (uintptr_t)address > (uintptr_t)-4096;
}

static inline int allotp_sys_munmap(void *address, size_t size)
{
	return (int)ALLOTP_SYSCALL(SYS_munmap, address, size);
}

static inline int allotp_sys_mprotect(void *address, size_t size, int protection)
{
	return (int)ALLOTP_SYSCALL(SYS_mprotect, address, size, protection);
}

static inline int allotp_sys_madvise(void *address, size_t size, int advice)
{
	return (int)ALLOTP_SYSCALL(SYS_madvise, address, size, advice);
}

static inline int allotp_sys_openat(int directory, const char *path, int flags, int mode)
{
	return (int)ALLOTP_SYSCALL(SYS_openat, directory, path, flags, mode);
}

static inline int allotp_sys_close(int fd)
{
	return (int)ALLOTP_SYSCALL(SYS_close, fd);
}

static inline long allotp_sys_read(int fd, void *buffer, size_t size)
{
	return ALLOTP_SYSCALL(SYS_read, fd, buffer, size);
}

static inline long allotp_sys_write(int fd, const void *buffer, size_t size)
{
	return ALLOTP_SYSCALL(SYS_write, fd, buffer, size);
}

static inline int allotp_sys_ftruncate(int fd, uint64_t size)
{
	return (int)ALLOTP_SYSCALL(SYS_ftruncate, fd, size);
}

static inline int allotp_sys_getpid(void)
{
	return (int)ALLOTP_SYSCALL(SYS_getpid);
}

static inline int allotp_sys_gettid(void)
{
	return (int)ALLOTP_SYSCALL(SYS_gettid);
}

static inline int allotp_sys_unlink(const char *path)
{
	return (int)ALLOTP_SYSCALL(SYS_unlinkat, -100 /* AT_FDCWD */, path, 0);
}

static inline long allotp_sys_readlink(const char *path, char *buffer, size_t size)
{
	return ALLOTP_SYSCALL(SYS_readlinkat, -100 /* AT_FDCWD */, path, buffer, size);
}

/* how as in sigprocmask; both sets are the kernel's 64 bits. Reaches the signals that libc keeps for itself. */
static inline int allotp_sys_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
	return (int)ALLOTP_SYSCALL(SYS_rt_sigprocmask, how, set, old, sizeof(*set));
}

static inline int allotp_sys_kill(int pid, int signal)
{
	return (int)ALLOTP_SYSCALL(SYS_kill, pid, signal);
}

#endif
