/* SPDX-License-Identifier: MIT */
/* Where a pointer may lie besides stacks: variables of all kinds, mappings of all kinds, what libc keeps. */
#include "leak.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

PLACE in_global(void)
{
	leak_global = make_1601();
}

PLACE in_tls(void)
{
	leak_own = make_1601();
}

PLACE in_mapping(void)
{
	void **memory = leak_map(8192);

	memory[700] = make_1601();
}

PLACE in_closed_mapping(void)
{
	void **memory = leak_map(8192);

	memory[700] = make_1601();
	REQUIRE(!mprotect(memory, 8192, PROT_NONE));
}

PLACE in_read_only_mapping(void)
{
	void **memory = leak_map(8192);

	memory[700] = make_1601();
	REQUIRE(!mprotect(memory, 8192, PROT_READ));
}

PLACE in_shared_mapping(void)
{
	void **memory = mmap(NULL, 1 << 24, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	memory[100000] = make_1601();
}

SITE void *make_pages(void)
{
	return memset(memalign(4096, 8192), 0, 8192);
}

PLACE in_closed_block(void)
{
	void **block = make_pages();

	block[3] = make_1601();
	leak_global = block;
	REQUIRE(!mprotect(block, 8192, PROT_NONE));
}

PLACE in_plugin(void)
{
	void *plugin = dlopen("./tests/targets/.libs/leak-plugin.so", RTLD_NOW);
	void (*keep)(void *, void *);

	REQUIRE(plugin);
	*(void **)&keep = dlsym(plugin, "leak_keep");
	keep(make_1601(), make_1602());
}

PLACE in_other_namespace(void)
{
	void *plugin = dlmopen(LM_ID_NEWLM, "./tests/targets/.libs/leak-plugin.so", RTLD_NOW);
	void (*keep)(void *, void *);

	REQUIRE(plugin);
	*(void **)&keep = dlsym(plugin, "leak_keep");
	keep(make_1601(), make_1602());
}

PLACE in_keys(void)
{
	pthread_key_t key;

	REQUIRE(!pthread_key_create(&key, NULL) && !pthread_setspecific(key, make_1601()));
	for (int i = 0; i < 100; i++)
		REQUIRE(!pthread_key_create(&key, NULL));
	/* of the second level */
	REQUIRE(!pthread_setspecific(key, make_1602()));
}

/* At the ends of variables, initialised or not. */
static void *volatile initialised[1000] = { (void *)1 };
static void *volatile zeroed[100000];

PLACE in_globals(void)
{
	initialised[999] = make_1601();
	zeroed[99999] = make_1602();
}

static _Thread_local void *volatile wide_tls[10000];

PLACE in_wide_tls(void)
{
	wide_tls[0] = make_1601();
	wide_tls[9999] = make_1602();
}

/* What it held goes with it. */
PLACE in_closed_plugin(void)
{
	void *plugin = dlopen("./tests/targets/.libs/leak-plugin.so", RTLD_NOW);
	void (*keep)(void *, void *);

	REQUIRE(plugin);
	*(void **)&keep = dlsym(plugin, "leak_keep");
	keep(make_1601(), make_1602());
	REQUIRE(!dlclose(plugin));
}

/* Fork would not copy it. */
PLACE in_uncopied_mapping(void)
{
	void **memory = leak_map(1 << 20);

	memory[70000] = make_1601();
	REQUIRE(!madvise(memory, 1 << 20, MADV_DONTFORK));
}

/* Fork would copy it as zeroes. */
PLACE in_wiped_mapping(void)
{
	void **memory = leak_map(8192);

	memory[700] = make_1602();
	REQUIRE(!madvise(memory, 8192, MADV_WIPEONFORK));
}

PLACE in_uncopied_block(void)
{
	void **block = make_pages();

	block[1000] = make_1601();
	leak_global = block;
	REQUIRE(!madvise(block, 8192, MADV_DONTFORK));
}

PLACE in_given_back(void)
{
	void **memory = leak_map(8192);

	memory[700] = make_1601();
	memory[3] = make_1602();
	REQUIRE(!madvise((char *)memory + 4096, 4096, MADV_DONTNEED));
}

PLACE in_unmapped(void)
{
	void **memory = leak_map(8192);

	memory[700] = make_1601();
	REQUIRE(!munmap(memory, 8192));
}

PLACE in_moved_mapping(void)
{
	void **memory = leak_map(8192);

	memory[700] = make_1601();
	memory = mremap(memory, 8192, 1 << 24, MREMAP_MAYMOVE);
	REQUIRE(memory != MAP_FAILED && memory[700]);
}

/* Very many addresses, two pages of which hold something. */
PLACE in_reserved_mapping(void)
{
	size_t size = (size_t)1 << 37;
	char *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(memory != MAP_FAILED && !mprotect(memory + size / 2, 4096, PROT_READ | PROT_WRITE));
	((void **)(memory + size / 2))[7] = make_1601();
	memory = mmap(NULL, size / 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	REQUIRE(memory != MAP_FAILED);
	((void **)(memory + size / 8))[7] = make_1602();
}

/* The pages of a file: one's own copies, and those of everybody. */
PLACE in_file(void)
{
	int file = memfd_create("leak", MFD_CLOEXEC);
	void **mine, **shared;

	REQUIRE(file >= 0 && !ftruncate(file, 16384));
	mine = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	shared = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	REQUIRE(mine != MAP_FAILED && shared != MAP_FAILED);
	mine[1000] = make_1601();
	shared[10] = make_1602();
	close(file);
}

/* Pages that are there no more: to touch them would be an error. */
PLACE in_cut_file(void)
{
	int file = memfd_create("leak", MFD_CLOEXEC);
	void **shared;

	REQUIRE(file >= 0 && !ftruncate(file, 16384));
	shared = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	REQUIRE(shared != MAP_FAILED);
	shared[10] = make_1601();
	shared[1000] = make_1602();
	REQUIRE(!ftruncate(file, 4096));
	close(file);
}

/* Nobody but the kernel has it. */
PLACE in_pipe(void)
{
	static int ends[2];
	void *block = make_1601();

	REQUIRE(!pipe(ends) && write(ends[1], &block, sizeof(block)) == sizeof(block));
}

PLACE in_environment(void)
{
	char *text = memcpy(make_1601(), "LEAK=", 5);

	memset(text + 5, 'x', 1595);
	REQUIRE(!putenv(text));
}

PLACE in_stream(void)
{
	FILE *stream = fopen("/dev/null", "w");

	REQUIRE(stream && !setvbuf(stream, make_1601(), _IOFBF, 1601));
}

const struct leak_place leak_memory[] = {
	AT(in_global),
	AT(in_globals),
	AT(in_tls),
	AT(in_wide_tls),
	AT(in_mapping),
	AT(in_closed_mapping),
	AT(in_read_only_mapping),
	AT(in_shared_mapping),
	AT(in_uncopied_mapping),
	AT(in_wiped_mapping),
	AT(in_uncopied_block),
	AT(in_given_back),
	AT(in_unmapped),
	AT(in_moved_mapping),
	AT(in_reserved_mapping),
	AT(in_file),
	AT(in_cut_file),
	AT(in_closed_block),
	AT(in_plugin),
	AT(in_closed_plugin),
	AT(in_other_namespace),
	AT(in_keys),
	AT(in_pipe),
	AT(in_environment),
	AT(in_stream),
	{ NULL, NULL },
};
