/* SPDX-License-Identifier: MIT */
/* The threads of a process. */
#include "scan/tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/sys.h"

/* What getdents64 gives. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static char *put_number(char *to, uint32_t number)
{
	char digits[12];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + number % 10);
	} while (number /= 10);
	memcpy(to, digits + i, sizeof(digits) - i);
	return to + sizeof(digits) - i;
}

static char *put_text(char *to, const char *text)
{
	size_t size = strlen(text);

	memcpy(to, text, size + 1);
	return to + size;
}

static char *put_tasks(char *to, int pid)
{
	return put_text(put_number(put_text(to, "/proc/"), (uint32_t)pid), "/task");
}

int allotp_tasks_each(int pid, void *buffer, size_t buffer_size, int (*each)(void *context, int tid), void *context)
{
	char path[40];
	int fd, result = 0;
	long got;

	put_tasks(path, pid);
	fd = allotp_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while (result >= 0 && (got = ALLOTP_SYSCALL(SYS_getdents64, fd, buffer, buffer_size)) > 0) {
		for (long at = 0; result >= 0 && at < got;) {
			const struct entry *entry = (const void *)((const char *)buffer + at);
			int tid = 0;

			for (const char *c = entry->name; *c >= '0' && *c <= '9'; c++)
				tid = 10 * tid + (*c - '0');
			if (tid)
				result = each(context, tid);
			at += entry->size;
		}
	}
	allotp_sys_close(fd);
	return result < 0 ? result : 0;
}

static int count_one(void *context, int tid)
{
	(void)tid;
	return ++*(int *)context > 1 ? -EEXIST : 0;
}

int allotp_tasks_count(int pid)
{
	char buffer[2048];
	int count = 0, result = allotp_tasks_each(pid, buffer, sizeof(buffer), count_one, &count);

	return result && result != -EEXIST ? result : count;
}

/* A file of the thread as text, as far as there is room. 0 or a negative errno. */
static int read_text(int pid, int tid, const char *name, char *text, size_t size)
{
	char path[64];
	long got;
	int fd;

	put_text(put_number(put_text(put_tasks(path, pid), "/"), (uint32_t)tid), name);
	fd = allotp_sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	got = allotp_sys_read(fd, text, size - 1);
	allotp_sys_close(fd);
	if (got < 0)
		return (int)got;
	text[got] = 0;
	return 0;
}

bool allotp_tasks_over(int pid, int tid)
{
	char text[512];
	const char *state;

	if (read_text(pid, tid, "/stat", text, sizeof(text)))
		return true;
	/* The name stands in parentheses and may hold some. */
	state = strrchr(text, ')');
	return !state || state[1] != ' ' || state[2] == 'Z' || state[2] == 'X' || state[2] == 'x';
}

static uint64_t hexadecimal(const char *c)
{
	uint64_t value = 0;

	for (; (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'f'); c++)
		value = value << 4 | (uint64_t)(*c <= '9' ? *c - '0' : *c - 'a' + 10);
	return value;
}

/* The set behind a line's name; 0 if there is no such line. */
static uint64_t set_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? hexadecimal(line + strlen(name) + strspn(line + strlen(name), "\t ")) : 0;
}

/* A word of the process's memory; false: it cannot be read. */
static bool read_word(int pid, uint64_t address, uint64_t *word)
{
	char path[40];
	long got;
	int fd;

	put_text(put_number(put_text(path, "/proc/"), (uint32_t)pid), "/mem");
	fd = allotp_sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	got = ALLOTP_SYSCALL(SYS_pread64, fd, word, sizeof(*word), address);
	allotp_sys_close(fd);
	return got == sizeof(*word);
}

/* Those that the thread waits for, by sigwait() and its like: they are not blocked meanwhile. */
static uint64_t awaited(int pid, int tid)
{
	char text[256];
	uint64_t number = 0, set = 0;
	const char *c = text;

	/* The number of the call and its arguments; or that the thread is running. */
	if (read_text(pid, tid, "/syscall", text, sizeof(text)) || *text < '0' || *text > '9')
		return 0;
	for (; *c >= '0' && *c <= '9'; c++)
		number = 10 * number + (uint64_t)(*c - '0');
	if (number != SYS_rt_sigtimedwait || strncmp(c, " 0x", 3))
		return 0;
	return read_word(pid, hexadecimal(c + 3), &set) ? set : ~UINT64_C(0);
}

int allotp_tasks_signals(int pid, int tid, struct allot_task_signals *signals)
{
	char text[4096];
	int result = read_text(pid, tid, "/status", text, sizeof(text));

	if (result)
		return result;
	if (!strstr(text, "\nSigBlk:") || !strstr(text, "\nSigCgt:"))
		return -ENODATA;
	*signals = (struct allot_task_signals){
		.pending = set_of(text, "\nSigPnd:") | set_of(text, "\nShdPnd:"),
		.blocked = set_of(text, "\nSigBlk:"),
		.caught = set_of(text, "\nSigCgt:") | awaited(pid, tid),
		.ignored = set_of(text, "\nSigIgn:"),
	};
	return 0;
}

bool allotp_tasks_filtered(int pid)
{
	char text[4096];

	return !read_text(pid, pid, "/status", text, sizeof(text)) && set_of(text, "\nSeccomp:") == 2;
}
