/* SPDX-License-Identifier: MIT */
/* What is behind an allot_snapshot_t: a snapshot, and the names of its addresses. */
#include "library/handle.h"

#include <errno.h>
#include <stdlib.h>

static void release_names(struct allot_named_addresses *names)
{
	if (__atomic_sub_fetch(&names->references, 1, __ATOMIC_ACQ_REL))
		return;
	allotp_resolver_free(names->resolver);
	allotp_snapshot_free(names->snapshot);
	pthread_mutex_destroy(&names->lock);
	free(names);
}

static allot_snapshot_t *make_handle(struct allot_snapshot *snapshot, struct allot_named_addresses *names)
{
	allot_snapshot_t *handle = malloc(sizeof(*handle));

	if (handle)
		*handle = (struct allot_snapshot_handle){ .references = 1, .snapshot = snapshot, .names = names };
	return handle;
}

int allotp_handle_new(struct allot_snapshot *snapshot, allot_snapshot_t **out)
{
	struct allot_named_addresses *names = calloc(1, sizeof(*names));
	allot_snapshot_t *handle = names ? make_handle(snapshot, names) : NULL;

	if (!handle) {
		free(names);
		return -ENOMEM;
	}
	pthread_mutex_init(&names->lock, NULL); /* cannot fail on Linux without attributes */
	names->references = 1;
	names->snapshot = snapshot;
	*out = handle;
	return 0;
}

int allotp_handle_share(const allot_snapshot_t *from, struct allot_snapshot *snapshot, allot_snapshot_t **out)
{
	allot_snapshot_t *handle = make_handle(snapshot, from->names);

	if (!handle)
		return -ENOMEM;
	__atomic_add_fetch(&from->names->references, 1, __ATOMIC_RELAXED);
	*out = handle;
	return 0;
}

allot_snapshot_t *allotp_handle_retain(const allot_snapshot_t *handle)
{
	allot_snapshot_t *retained = (allot_snapshot_t *)handle;

	__atomic_add_fetch(&retained->references, 1, __ATOMIC_RELAXED);
	return retained;
}

void allot_snapshot_free(allot_snapshot_t *snapshot)
{
	if (!snapshot || __atomic_sub_fetch(&snapshot->references, 1, __ATOMIC_ACQ_REL))
		return;
	if (snapshot->snapshot != snapshot->names->snapshot)
		allotp_snapshot_free(snapshot->snapshot);
	release_names(snapshot->names);
	free(snapshot);
}

void allot_snapshot_set_progress(allot_snapshot_t *snapshot, allot_progress_fn *fn, void *context)
{
	snapshot->names->progress = fn;
	snapshot->names->context = context;
}

/* Whom to tell may change after the resolver was made. */
static void pass_on(void *context, const char *what, uint64_t done, uint64_t total)
{
	const struct allot_named_addresses *names = context;

	if (names->progress)
		names->progress(names->context, what, done, total);
}

static int view_of(const allot_snapshot_t *handle, struct allot_view *view)
{
	struct allot_named_addresses *names = handle->names;
	int rc = names->resolver ? 0 : allotp_resolver_new(names->snapshot, pass_on, names, &names->resolver);

	if (rc < 0)
		return rc;
	*view = (struct allot_view){
		.snapshot = handle->snapshot,
		.resolver = names->resolver,
		.progress = names->progress,
		.context = names->context,
	};
	return 0;
}

int allotp_handle_lock(const allot_snapshot_t *handle, struct allot_view *view)
{
	return allotp_handle_lock_both(handle, NULL, view, NULL);
}

void allotp_handle_unlock(const allot_snapshot_t *handle)
{
	allotp_handle_unlock_both(handle, NULL);
}

int allotp_handle_lock_both(const allot_snapshot_t *a, const allot_snapshot_t *b, struct allot_view *view_of_a,
			    struct allot_view *view_of_b)
{
	bool swapped = b && b->names < a->names;
	int rc;

	if (swapped)
		pthread_mutex_lock(&b->names->lock);
	pthread_mutex_lock(&a->names->lock);
	if (b && b->names > a->names)
		pthread_mutex_lock(&b->names->lock);
	rc = view_of(a, view_of_a);
	if (rc == 0 && b)
		rc = view_of(b, view_of_b);
	if (rc < 0)
		allotp_handle_unlock_both(a, b);
	return rc;
}

void allotp_handle_unlock_both(const allot_snapshot_t *a, const allot_snapshot_t *b)
{
	pthread_mutex_unlock(&a->names->lock);
	if (b && b->names != a->names)
		pthread_mutex_unlock(&b->names->lock);
}
