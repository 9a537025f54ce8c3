/* SPDX-License-Identifier: MIT */
/* What a program asks and says of leaks, by the table of include/allot/trace.h and by LeakSanitizer's names. */
#include <limits.h>

#include "preload/access.h"
#include "preload/api.h"
#include "preload/export.h"
#include "preload/leaks.h"
#include "preload/state.h"
#include "preload/thread.h"
#include "snapshot/snapshot.h"
#include "store/batch.h"
#include "store/live.h"

void __lsan_ignore_object(const void *block);
void __lsan_disable(void);
void __lsan_enable(void);
void __lsan_register_root_region(const void *memory, size_t size);
void __lsan_unregister_root_region(const void *memory, size_t size);
void __lsan_do_leak_check(void);
int __lsan_do_recoverable_leak_check(void);

static void copy_counts(struct allot_leak_counts *to, const struct allot_leak_look *look)
{
	const struct allot_verdict_count *from = look->counts;

	*to = (struct allot_leak_counts){
		.definite = { from[ALLOT_LEAK_DEFINITE].bytes, from[ALLOT_LEAK_DEFINITE].blocks },
		.indirect = { from[ALLOT_LEAK_INDIRECT].bytes, from[ALLOT_LEAK_INDIRECT].blocks },
		.possible = { from[ALLOT_LEAK_POSSIBLE].bytes, from[ALLOT_LEAK_POSSIBLE].blocks },
		.reachable = { from[ALLOT_LEAK_REACHABLE].bytes, from[ALLOT_LEAK_REACHABLE].blocks },
	};
}

ALLOT_EXPORT int allot_check_leaks(struct allot_leak_counts *found)
{
	int result = allotp_leaks_look();
	const struct allot_leak_look *look;
	uint64_t fresh = 0;

	if (result)
		return result;
	look = &allotp_state.store.header->leaks;
	/* The copy may have failed, and says so itself. */
	if (__atomic_load_n(&look->state, __ATOMIC_ACQUIRE) != ALLOT_LOOK_DONE)
		return look->error ? -look->error : -EFAULT;
	for (int i = 0; i < ALLOT_LEAK_REACHABLE; i++)
		fresh += look->fresh[i].blocks;
	if (found)
		copy_counts(found, look);
	return fresh < INT_MAX ? (int)fresh : INT_MAX;
}

ALLOT_EXPORT int allot_leak_ignore(const void *block)
{
	struct allot_store *store = &allotp_state.store;
	const struct allot_live_entry *entry;
	struct allot_access access;
	int result = allotp_access_begin(&access);

	if (result)
		return result;
	entry = allotp_live_find(store, allotp_live_key((uintptr_t)block, ALLOT_DOMAIN_MALLOC));
	result = -ENOENT;
	if (entry) {
		uint32_t place = allotp_live_place(store, entry);
		struct allot_live_entry kept = *entry;

		kept.slot_family |= ALLOT_KEPT_BLOCK;
		result = allotp_live_set(store, &kept, &place);
		allotp_batch_outdate(store);
	}
	allotp_access_end(&access);
	return result;
}

ALLOT_EXPORT void allot_leaks_disable(void)
{
	allotp_thread.keeping++;
	allotp_thread.kept = ALLOT_KEPT_EVENT;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	allotp_thread.quick = 0;
}

ALLOT_EXPORT void allot_leaks_enable(void)
{
	if (allotp_thread.keeping && !--allotp_thread.keeping)
		allotp_thread.kept = 0;
}

ALLOT_EXPORT int allot_root_register(const void *memory, size_t size)
{
	uint64_t start = (uintptr_t)memory;

	if (!start || !size || start + size < start)
		return -EINVAL;
	return allotp_leaks_name(start, start + size);
}

ALLOT_EXPORT int allot_root_unregister(const void *memory, size_t size)
{
	return allotp_leaks_unname((uintptr_t)memory, (uintptr_t)memory + size);
}

/* ---- LeakSanitizer's: sanitizer/lsan_interface.h ---- */

ALLOT_EXPORT void __lsan_ignore_object(const void *block)
{
	allot_leak_ignore(block);
}

ALLOT_EXPORT void __lsan_disable(void)
{
	allot_leaks_disable();
}

ALLOT_EXPORT void __lsan_enable(void)
{
	allot_leaks_enable();
}

ALLOT_EXPORT void __lsan_register_root_region(const void *memory, size_t size)
{
	allot_root_register(memory, size);
}

ALLOT_EXPORT void __lsan_unregister_root_region(const void *memory, size_t size)
{
	allot_root_unregister(memory, size);
}

ALLOT_EXPORT void __lsan_do_leak_check(void)
{
	allot_check_leaks(NULL);
}

ALLOT_EXPORT int __lsan_do_recoverable_leak_check(void)
{
	return allot_check_leaks(NULL) > 0;
}
