/* SPDX-License-Identifier: MIT */
/* Writes the program's snapshot while its functions are named. */
#include "saver.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot/payload.h"
#include "snapshot/snapshot.h"

enum { STACK_BYTES = 1 << 20 };

static bool is_named(struct allot_saver *saver)
{
	bool named;

	pthread_mutex_lock(&saver->lock);
	named = saver->named;
	pthread_mutex_unlock(&saver->lock);
	return named;
}

/* Encodes; and writes, unless that is going to be done with names at this moment. */
static void save(struct allot_saver *saver)
{
	int result = allotp_snapshot_encode_body(saver->snapshot, saver->path, &saver->encoder, &saver->error);

	if (result == 0 && saver->at_once && !is_named(saver))
		result = allotp_snapshot_write_payload(saver->encoder.data, saver->encoder.size, saver->path,
						       &saver->error);
	saver->result = result;
	pthread_mutex_lock(&saver->lock);
	saver->done = true;
	pthread_cond_broadcast(&saver->changed);
	pthread_mutex_unlock(&saver->lock);
}

/* What is in the file stays there, whoever loses patience with the rest. */
static void take_signals(struct allot_saver *saver)
{
	pthread_mutex_lock(&saver->lock);
	if (saver->through && !saver->named)
		pthread_sigmask(SIG_SETMASK, &saver->mask, NULL);
	while (saver->through && !saver->named)
		pthread_cond_wait(&saver->changed, &saver->lock);
	pthread_mutex_unlock(&saver->lock);
}

static void *run(void *context)
{
	struct allot_saver *saver = context;

	save(saver);
	allotp_reader_close(&saver->reader);
	take_signals(saver);
	return NULL;
}

void allotp_saver_start(struct allot_saver *saver, const struct allot_snapshot *snapshot, const char *path,
			bool at_once, const struct allot_reader *reader)
{
	pthread_attr_t attributes;

	*saver = (struct allot_saver){
		.snapshot = snapshot,
		.path = path,
		.reader = *reader,
		.at_once = at_once,
		.started = true,
	};
	pthread_mutex_init(&saver->lock, NULL);
	pthread_cond_init(&saver->changed, NULL);
	/* Whatever the limit on stacks is that we were started with. */
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	saver->alone = pthread_create(&saver->thread, &attributes, run, saver) != 0;
	pthread_attr_destroy(&attributes);
	if (saver->alone)
		run(saver);
}

void allotp_saver_let_through(struct allot_saver *saver, const sigset_t *mask)
{
	bool now = true;

	if (saver->started) {
		pthread_mutex_lock(&saver->lock);
		saver->through = true;
		saver->mask = *mask;
		now = saver->done || !saver->at_once;
		pthread_mutex_unlock(&saver->lock);
	}
	if (now)
		pthread_sigmask(SIG_SETMASK, mask, NULL);
}

int allotp_saver_wait(struct allot_saver *saver, struct allot_error *error)
{
	pthread_mutex_lock(&saver->lock);
	saver->named = true;
	pthread_cond_broadcast(&saver->changed);
	while (!saver->done)
		pthread_cond_wait(&saver->changed, &saver->lock);
	pthread_mutex_unlock(&saver->lock);
	if (saver->result)
		*error = saver->error;
	return saver->result;
}

int allotp_saver_finish(struct allot_saver *saver, struct allot_error *error)
{
	int result = allotp_snapshot_encode_symbols(saver->snapshot, saver->path, &saver->encoder, error);

	if (result == 0)
		result = allotp_snapshot_write_payload(saver->encoder.data, saver->encoder.size, saver->path, error);
	return result;
}

void allotp_saver_release(struct allot_saver *saver)
{
	if (!saver->started)
		return;
	if (!saver->alone)
		pthread_join(saver->thread, NULL);
	pthread_mutex_destroy(&saver->lock);
	pthread_cond_destroy(&saver->changed);
	free(saver->encoder.data);
	if (saver->through)
		pthread_sigmask(SIG_SETMASK, &saver->mask, NULL);
	memset(saver, 0, sizeof(*saver));
}
