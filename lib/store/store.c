/* SPDX-License-Identifier: MIT */
/* Making, mapping and growing a store. */
#include "store/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/sys.h"
#include "store/drain.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Regions begin at multiples of this, which is whole pages on any machine. */
static const uint64_t granule = 65536;

/* They grow by multiples of this, or of a larger page, and at most by the limit more than is needed. */
static const uint64_t growth_unit = 16384;
static const uint64_t growth_limit = 1 << 20;
static const uint64_t pages_step = 131072;

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* How much of a region is committed, so that there are so many bytes. */
static uint64_t committed_for(uint64_t bytes)
{
	uint64_t page = getauxval(AT_PAGESZ);

	return round_up(bytes, page > growth_unit ? page : growth_unit);
}

/* What share of the whole each region gets, in 1/1024; the header has its own size, segments the rest. */
static const uint16_t shares[ALLOT_REGIONS] = {
	[ALLOT_REGION_SLOTS] = 1,     [ALLOT_REGION_MODULES] = 1,     [ALLOT_REGION_STRINGS] = 1,
	[ALLOT_REGION_NODES] = 64,    [ALLOT_REGION_INDEX] = 96,      [ALLOT_REGION_SITE_INDEX] = 16,
	[ALLOT_REGION_SITES] = 32,    [ALLOT_REGION_HIGHS] = 18,      [ALLOT_REGION_VARIANCES] = 16,
	[ALLOT_REGION_DIRECTORY] = 8, [ALLOT_REGION_PAGES] = 448,     [ALLOT_REGION_MAPS] = 1,
	[ALLOT_REGION_MARKS] = 1,     [ALLOT_REGION_SERIES] = 1,      [ALLOT_REGION_HISTORY] = 16,
	[ALLOT_REGION_NAMES] = 1,     [ALLOT_REGION_SCOPES] = 1,      [ALLOT_REGION_BUDGETS] = 1,
	[ALLOT_REGION_SHARES] = 4,    [ALLOT_REGION_JOURNAL] = 32,    [ALLOT_REGION_HELD] = 1,
	[ALLOT_REGION_VERDICTS] = 16, [ALLOT_REGION_LOST] = 32,       [ALLOT_REGION_EDGES] = 16,
	[ALLOT_REGION_OBJECTS] = 16,  [ALLOT_REGION_REFERENCES] = 16, [ALLOT_REGION_LINKS] = 16,
};

static void lay_out(struct allot_store *store, uint64_t size)
{
	uint64_t offset = round_up(sizeof(struct allot_header), granule);

	store->region_size[ALLOT_REGION_HEADER] = offset;
	store->region[ALLOT_REGION_HEADER] = store->base;
	for (int i = ALLOT_REGION_HEADER + 1; i < ALLOT_REGIONS; i++) {
		uint64_t bytes = round_up(size / 1024 * shares[i], granule);

		if (i == ALLOT_REGION_SEGMENTS)
			bytes = (size - offset) / granule * granule;
		store->region[i] = store->base + offset;
		store->region_size[i] = bytes;
		offset += bytes;
	}
}

uint64_t allotp_store_affordable_size(bool file)
{
	uint64_t size = ALLOT_STORE_SIZE;
	struct rlimit limit;

	/* An eighth of a limited address space: most must stay the program's own. */
	if (!getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur / 8 < size)
		size = limit.rlim_cur / 8;
	if (file && !getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size)
		size = limit.rlim_cur;
	size = size / granule * granule;
	return size < ALLOT_STORE_SIZE_MIN ? 0 : size;
}

/* A process never changes its own; only its children may have another. */
static uint64_t own_pid_namespace(void)
{
	struct stat status;

	return ALLOTP_SYSCALL(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &status, 0) ? 0 : status.st_ino;
}

int allotp_store_create(struct allot_store *store, int fd, uint64_t size, void *at)
{
	int flags = MAP_SHARED | MAP_NORESERVE | (at ? MAP_FIXED : 0);
	uint64_t header = committed_for(sizeof(struct allot_header)), taken = 0;
	int result;
	void *base;

	base = allotp_sys_mmap(at, size, PROT_NONE, flags, fd, 0);
	if (allotp_sys_failed(base))
		return (int)(intptr_t)base;
	memset(store, 0, sizeof(*store));
	store->base = base;
	store->header = base;
	store->size = size;
	store->guest = true;
	store->pid_namespace = own_pid_namespace();
	store->drainer = allotp_drain_signature(store);
	lay_out(store, size);
	/* A tool's tables are no help in the program's core dump. */
	allotp_sys_madvise(base, size, MADV_DONTDUMP);
	/* The header's own bookkeeping needs the header: open it by hand. */
	result = allotp_sys_mprotect(base, header, PROT_READ | PROT_WRITE);
	if (!result)
		result = allotp_sys_madvise(base, header, MADV_POPULATE_WRITE);
	if (result && result != -EINVAL) {
		allotp_sys_munmap(base, size);
		return result == -EFAULT ? -ENOSPC : result;
	}
	/* Two programs may have been handed the same file: the first one has it. */
	if (!__atomic_compare_exchange_n(&store->header->magic, &taken, ALLOT_STORE_TAKEN, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED)) {
		allotp_sys_munmap(base, size);
		return -EBUSY;
	}
	store->accessible[ALLOT_REGION_HEADER] = header;
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		store->header->regions[i].offset = (uint64_t)(store->region[i] - store->base);
		store->header->regions[i].size = store->region_size[i];
	}
	store->header->regions[ALLOT_REGION_HEADER].committed = header;
	store->header->header_size = sizeof(struct allot_header);
	store->header->mapping_size = size;
	store->header->pid_namespace = store->pid_namespace;
	store->header->version = ALLOT_STORE_VERSION;
	/* Last: a reader that sees the magic may look at the rest of the layout. */
	__atomic_store_n(&store->header->magic, ALLOT_STORE_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

/* Takes over where the header says that the regions are. */
static int open_regions(struct allot_store *store, const char *name, struct allot_error *error)
{
	const struct allot_header *header = store->header;
	uint64_t end = 0;

	if (__atomic_load_n(&header->magic, __ATOMIC_ACQUIRE) != ALLOT_STORE_MAGIC)
		return allotp_error(error, -EBADMSG, "%s: not an allot store", name);
	if (header->version != ALLOT_STORE_VERSION || header->header_size != sizeof(struct allot_header) ||
	    header->mapping_size != store->size)
		return allotp_error(error, -EBADMSG, "%s: a store made by another version of allot", name);
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		struct allot_region region = header->regions[i];

		/* In order, whole pages, not one over another: then no element of one lies in another. */
		if (region.offset != end || region.size > store->size - end || region.size % 4096)
			return allotp_error(error, -EBADMSG, "%s: damaged: region %d is out of place", name, i);
		end += region.size;
		store->region[i] = store->base + region.offset;
		store->region_size[i] = region.size;
	}
	if (store->region_size[ALLOT_REGION_HEADER] < sizeof(struct allot_header))
		return allotp_error(error, -EBADMSG, "%s: damaged: the header is too short", name);
	return 0;
}

int allotp_store_open(struct allot_store *store, int fd, const char *name, struct allot_error *error)
{
	struct allot_store opened = { .pid_namespace = own_pid_namespace() };
	int access = fcntl(fd, F_GETFL), result;
	struct stat status;
	void *base;

	if (fstat(fd, &status))
		return allotp_error(error, -errno, "%s: %s", name, strerror(errno));
	opened.size = (uint64_t)status.st_size;
	if (opened.size < sizeof(struct allot_header))
		return allotp_error(error, -EBADMSG, "%s: not an allot store", name);
	base = mmap(NULL, opened.size, PROT_READ | PROT_WRITE,
		    MAP_NORESERVE | ((access & O_ACCMODE) == O_RDONLY ? MAP_PRIVATE : MAP_SHARED), fd, 0);
	if (base == MAP_FAILED)
		return allotp_error(error, -errno, "%s: cannot map the store: %s", name, strerror(errno));
	opened.base = base;
	opened.header = base;
	opened.drainer = allotp_drain_signature(&opened);
	result = open_regions(&opened, name, error);
	if (!result)
		result = allotp_store_sync(&opened);
	if (result)
		munmap(base, opened.size);
	else
		*store = opened;
	return result;
}

void allotp_store_close(struct allot_store *store)
{
	if (store->scratch)
		munmap(store->scratch, store->scratch_size);
	if (store->batch)
		munmap(store->batch, sizeof(*store->batch));
	if (store->base)
		munmap(store->base, store->size);
	memset(store, 0, sizeof(*store));
}

static void raise_to(uint64_t *value, uint64_t to)
{
	uint64_t old = __atomic_load_n(value, __ATOMIC_RELAXED);

	while (old < to && !__atomic_compare_exchange_n(value, &old, to, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* Lets this process touch [accessible, bytes) of a region. Two threads may do it at once: nothing in it hurts twice. */
static int open_up(struct allot_store *store, enum allot_region_id region, uint64_t bytes)
{
	uint64_t from = __atomic_load_n(&store->accessible[region], __ATOMIC_ACQUIRE);

	if (bytes <= from || !store->guest || store->quiet)
		return 0;
	return allotp_sys_mprotect(store->region[region] + from, bytes - from, PROT_READ | PROT_WRITE);
}

/*
 * How much a region may grow at once in a reader, which makes do with a few elements more, or with a directory or
 * index of twice the size. A damaged count must not make it take all memory.
 */
static uint64_t step_limit(enum allot_region_id region, uint64_t from)
{
	return (UINT64_C(64) << 20) +
	       (region == ALLOT_REGION_DIRECTORY || region == ALLOT_REGION_SITE_INDEX ? from : 0);
}

int allotp_store_back(struct allot_store *store, enum allot_region_id region, uint64_t from, uint64_t *to)
{
	uint64_t page = getauxval(AT_PAGESZ), end = round_up(*to, page);
	int result = 0;

	from -= from % page;
	/* Kernels before 5.14 cannot; there a full disk or memory limit is met by the touch itself. */
	if (!store->quiet)
		result = allotp_sys_madvise(store->region[region] + from, end - from, MADV_POPULATE_WRITE);
	if (result == -EFAULT)
		return -ENOSPC;
	if (result && result != -EINVAL)
		return result;
	*to = end;
	return 0;
}

/*
 * How much a region grows at least, so that growing stays rare and waste small: of segments, which are not backed, there is
 * none. Pages of the live table split by chance, now and then after millions of events: for so few that is room enough.
 */
static uint64_t step_of(enum allot_region_id region, uint64_t from)
{
	uint64_t step = from / (region == ALLOT_REGION_SEGMENTS ? 4 : 32);

	if (region == ALLOT_REGION_PAGES && step < pages_step)
		return pages_step;
	return step < growth_limit ? step : growth_limit;
}

int allotp_store_commit(struct allot_store *store, enum allot_region_id region, uint64_t bytes)
{
	uint64_t from = __atomic_load_n(&store->header->regions[region].committed, __ATOMIC_ACQUIRE);
	uint64_t to = from;
	int result;

	if (bytes > store->region_size[region])
		return -ENOSPC;
	if (from > store->region_size[region])
		return -EBADMSG;
	if (!store->guest && bytes > from && bytes - from > step_limit(region, from))
		return -EBADMSG;
	if (bytes > from) {
		uint64_t step = step_of(region, from);

		to = committed_for(bytes > from + step ? bytes : from + step);
		if (to > store->region_size[region])
			to = store->region_size[region];
	}
	result = open_up(store, region, to);
	if (result)
		return result;
	if (to > from && region != ALLOT_REGION_SEGMENTS)
		result = allotp_store_back(store, region, from, &to);
	if (result)
		return result;
	raise_to(&store->header->regions[region].committed, to);
	raise_to(&store->accessible[region], to);
	return 0;
}

int allotp_store_need_many(struct allot_store *store, enum allot_region_id region, uint64_t bytes)
{
	const uint64_t piece = UINT64_C(32) << 20;
	uint64_t there;
	int result = 0;

	while (!result && (there = __atomic_load_n(&store->accessible[region], __ATOMIC_RELAXED)) < bytes)
		result = allotp_store_need(store, region, bytes - there > piece ? there + piece : bytes);
	return result;
}

void allotp_store_hush(struct allot_store *store)
{
	if (!store->quiet && !allotp_sys_mprotect(store->base, store->size, PROT_READ | PROT_WRITE))
		store->quiet = true;
}

int allotp_store_sync(struct allot_store *store)
{
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		uint64_t committed = __atomic_load_n(&store->header->regions[i].committed, __ATOMIC_ACQUIRE);
		int result;

		if (committed > store->region_size[i])
			committed = store->region_size[i];
		result = open_up(store, (enum allot_region_id)i, committed);
		if (result)
			return result;
		raise_to(&store->accessible[i], committed);
	}
	return 0;
}

uint32_t allotp_store_string(struct allot_store *store, const char *text, size_t size)
{
	uint64_t offset;
	char *bytes;

	if (!size)
		return 0;
	offset = __atomic_fetch_add(&store->header->string_bytes, size + 1, __ATOMIC_RELAXED);
	if (offset + size + 1 > UINT32_MAX || allotp_store_need(store, ALLOT_REGION_STRINGS, offset + size + 1))
		return 0;
	bytes = (char *)store->region[ALLOT_REGION_STRINGS] + offset;
	memcpy(bytes, text, size);
	bytes[size] = 0;
	return (uint32_t)offset;
}
