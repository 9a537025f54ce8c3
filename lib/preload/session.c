/* SPDX-License-Identifier: MIT */
/* The store of this process: a memfd that `allot run` passed down, or a file of our own. */
#include "preload/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/sys.h"
#include "preload/bootstrap.h"
#include "preload/config.h"
#include "preload/domains.h"
#include "preload/leaks.h"
#include "preload/objects.h"
#include "store/begin.h"
#include "store/scope.h"

/*
 * Not on the stack, which may be a handler's and small: only one thread at a time makes a session, and a forked child has
 * its own copy.
 */
static char path[ALLOT_CONFIG_TEXT + 512]; /* of the store */
static char scratch[4096];

/* A small string builder that cuts what does not fit. */
struct text {
	char *end;
	size_t left;
};

static void add(struct text *text, const char *part, size_t size)
{
	if (size >= text->left)
		size = text->left - 1;
	memcpy(text->end, part, size);
	text->end += size;
	text->left -= size;
	*text->end = 0;
}

static void add_number(struct text *text, uint64_t number)
{
	char digits[24];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	add(text, digits + i, sizeof(digits) - i);
}

/* Without /proc, as in many a chroot: the path that the program was executed by. */
static void executed_path(char *program, size_t size)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	struct text text = { program, size };

	*program = 0;
	if (!name)
		return;
	if (*name != '/') {
		long length = ALLOTP_SYSCALL(SYS_getcwd, program, size);

		if (length <= 0)
			return;
		text.end += length - 1;
		text.left -= (size_t)length - 1;
		add(&text, "/", 1);
	}
	add(&text, name, strlen(name));
}

static size_t program_path(char *program, size_t size)
{
	long length = allotp_sys_readlink("/proc/self/exe", program, size - 1);

	program[length > 0 ? length : 0] = 0;
	if (length <= 0)
		executed_path(program, size);
	return strlen(program);
}

/*
 * What the program was started as, by a symbolic link or as a script perhaps: as its user knows it. Uses scratch where that is not
 * to be had.
 */
static const char *program_name(void)
{
	const char *name = (const char *)getauxval(AT_EXECFN), *slash;

	if (!name || !*name || !strncmp(name, "/dev/fd/", 8)) { /* fexecve */
		program_path(scratch, sizeof(scratch));
		name = scratch;
	}
	slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

/*
 * DIR/allot.PROG.PID.store, with .2, .3 … for programs that this process was before. A process that was very many looks for a
 * free number no longer, but takes the time.
 */
static int open_file(uint32_t pid)
{
	const char *base = program_name();

	for (unsigned int attempt = 1; attempt < 100; attempt++) {
		struct text text = { path, sizeof(path) };
		int fd;

		if (allotp_config.directory[0]) {
			add(&text, allotp_config.directory, strlen(allotp_config.directory));
			add(&text, "/", 1);
		}
		add(&text, "allot.", 6);
		add(&text, base, strlen(base) < 200 ? strlen(base) : 200);
		add(&text, ".", 1);
		add_number(&text, pid);
		if (attempt > 1) {
			add(&text, ".", 1);
			add_number(&text, attempt < 10 ? attempt : allotp_clock_ns(CLOCK_REALTIME));
		}
		add(&text, ".store", 6);
		fd = allotp_sys_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd != -EEXIST)
			return fd;
	}
	return -EEXIST;
}

/* Makes the file as large as may be; the file systems' limits differ. 0: nothing useful fits. */
static uint64_t enlarge(int fd, uint64_t limit)
{
	uint64_t size = allotp_store_affordable_size(true);

	if (size > limit)
		size = limit;
	while (size >= ALLOT_STORE_SIZE_MIN && allotp_sys_ftruncate(fd, size))
		size /= 2;
	return size < ALLOT_STORE_SIZE_MIN ? 0 : size;
}

/* The memfd of `allot run`, if it is one, is empty and fits into the address space; it has its size already. */
static uint64_t size_of_given(int fd)
{
	struct stat status;
	uint64_t size;

	if (ALLOTP_SYSCALL(SYS_fstat, fd, &status) || !S_ISREG(status.st_mode) || status.st_nlink)
		return 0;
	size = (uint64_t)status.st_size;
	return size < ALLOT_STORE_SIZE_MIN || size > allotp_store_affordable_size(false) ? 0 : size;
}

static void add_command(struct allot_store *store)
{
	int fd = allotp_sys_openat(AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
	long size;

	if (fd < 0)
		return;
	size = allotp_sys_read(fd, scratch, sizeof(scratch));
	allotp_sys_close(fd);
	while (size > 0 && !scratch[size - 1])
		size--;
	for (long i = 0; i < size; i++) {
		if (!scratch[i])
			scratch[i] = ' ';
	}
	if (size > 0)
		store->header->command = allotp_store_string(store, scratch, (size_t)size);
}

static void add_note(struct allot_store *store)
{
	static const char note[] = "the store is smaller than usual: the address space or file size is limited";

	if (store->size < ALLOT_STORE_SIZE)
		store->header->note = allotp_store_string(store, note, sizeof(note) - 1);
}

/*
 * Tells readers that the process lives, also those that cannot look into it: in another container, say. The lock is the
 * open file's, and so lasts as long as the mapping. A file system that knows no locks does without.
 */
static bool hold(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !ALLOTP_SYSCALL(SYS_fcntl, fd, F_OFD_SETLK, &whole);
}

static int fill_in(struct allot_state *state, uint32_t flags)
{
	struct allot_store *store = &state->store;
	struct allot_store_start start = {
		.flags = flags | (allotp_config.record_mmap ? ALLOT_STORE_MMAP : 0),
		.pid = state->pid,
		.parent_pid = (uint32_t)ALLOTP_SYSCALL(SYS_getppid),
		.depth_limit = state->depth_limit,
		.sampling_bytes = state->sampling_bytes,
		.ring_events = allotp_config.ring_events,
		.counter = state->counter,
	};
	int result = allotp_store_begin(store, &start);

	if (result)
		return result;
	store->header->counted = store->header->start_stamp;
	store->header->bootstrap = allotp_bootstrap_count();
	store->header->program = allotp_store_string(store, scratch, program_path(scratch, sizeof(scratch)));
	add_command(store);
	add_note(store);
	allotp_domains_tell(store);
	state->note = store->header->note;
	state->stop_note = 0;
	store->header->repeat_name = allotp_name_of(store, allotp_config.repeat);
	allotp_leaks_announce(store);
	allotp_objects_tell(store);
	__atomic_store_n(&store->header->ready, 1, __ATOMIC_RELEASE);
	return 0;
}

/* -ENOENT: there is none, or none that can be used. */
static int create_in_given(struct allot_store *store)
{
	int fd = allotp_config.store_fd, result;
	uint64_t size = fd < 0 ? 0 : size_of_given(fd);

	/* Its number may be another's by the next time. */
	allotp_config.store_fd = -1;
	if (!size)
		return -ENOENT;
	result = allotp_store_create(store, fd, size, NULL);
	allotp_sys_close(fd);
	return result == -EBUSY ? -ENOENT : result;
}

static int create_in_file(struct allot_store *store, const struct allot_state *state, void *at, uint32_t *flags)
{
	int fd = open_file(state->pid), result;
	uint64_t size;

	if (fd < 0)
		return fd;
	/* In the place of the parent's store there is just so much room. */
	size = enlarge(fd, at ? state->store.size : UINT64_MAX);
	if (hold(fd))
		*flags |= ALLOT_STORE_HELD;
	if (size)
		result = allotp_store_create(store, fd, size, at);
	else
		result = allotp_store_affordable_size(false) ? -EFBIG : -ENOMEM;
	allotp_sys_close(fd);
	if (result)
		allotp_sys_unlink(path);
	return result;
}

/*
 * Whoever preloads the library by hand learns it here, and once: the programs that this one starts are left in peace. For
 * what `allot run` starts it tells itself, and its followed children go on without a word when it has ended.
 */
void allotp_session_complain(int result)
{
	struct text line = { scratch, sizeof(scratch) };
	/* Unlike strerror, it does not translate, and so allocates nothing. */
	const char *reason = strerrordesc_np(-result);

	if (allotp_config.by_run)
		return;
	allotp_config.follow = false;
	add(&line, "allot: not traced: no store can be made in ", 43);
	if (allotp_config.directory[0])
		add(&line, allotp_config.directory, strlen(allotp_config.directory));
	else
		add(&line, "the working directory", 21);
	add(&line, ": ", 2);
	add(&line, reason, strlen(reason));
	add(&line, "\n", 1);
	allotp_sys_write(2, scratch, strlen(scratch));
}

int allotp_session_open(struct allot_state *state, uint32_t flags)
{
	struct allot_store store;
	int result = create_in_given(&store);

	if (result == -ENOENT)
		result = create_in_file(&store, state, NULL, &flags);
	if (!result) {
		state->store = store;
		result = fill_in(state, flags);
		if (result && *path)
			allotp_sys_unlink(path);
	}
	return result;
}

int allotp_session_open_in_place(struct allot_state *state, uint32_t flags)
{
	struct allot_store store;
	int result = create_in_file(&store, state, state->store.base, &flags);

	if (result)
		return result;
	if (store.size < state->store.size)
		allotp_sys_munmap(state->store.base + store.size, state->store.size - store.size);
	state->store = store;
	result = fill_in(state, flags);
	if (result)
		allotp_sys_unlink(path);
	return result;
}
