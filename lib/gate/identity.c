/* SPDX-License-Identifier: MIT */
/* What makes a call site the same in two runs: the modules and functions along its stack. */
#include "gate/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/fold.h"
#include "report/hash.h"

/* What runs before main() and a thread's function. */
static bool is_start(const struct allot_trace_frame *frame)
{
	return allotp_is_libc(frame->module) || (frame->function && !strcmp(frame->function, "_start"));
}

static int add_frame(struct allot_keys *keys, const char *module, const char *name, uint32_t *key)
{
	uint32_t label;
	int rc = allotp_keys_label(keys, module, 0, name ? name : "", &label);

	return rc < 0 ? rc : allotp_keys_add(keys, *key, label, key);
}

static bool same_frame(const struct allot_trace_frame *a, const struct allot_trace_frame *b)
{
	return !strcmp(a->module, b->module) && !strcmp(a->name ? a->name : "", b->name ? b->name : "");
}

/* Is the frame to be left out behind its caller, the last one that was not? */
static bool is_folded(const struct allot_trace_frame *frame, const struct allot_trace_frame *caller)
{
	return caller &&
	       (same_frame(frame, caller) || (allotp_is_libc(frame->module) && allotp_is_libc(caller->module)));
}

int allotp_identity_key(struct allot_keys *keys, const struct allot_trace *trace, const char *domain, uint32_t *key)
{
	const struct allot_trace_frame *caller = NULL;
	uint32_t result = 0, outermost = trace->count;
	int rc = strcmp(domain, "malloc") ? add_frame(keys, "", domain, &result) : 0;

	while (outermost > 0 && is_start(trace->frames[outermost - 1]))
		outermost--;
	/* All of it is the C library's: what that does on its own behalf. */
	if (!outermost)
		outermost = trace->count;
	for (uint32_t i = outermost; i-- > 0 && rc == 0;) {
		const struct allot_trace_frame *frame = trace->frames[i];

		if (is_folded(frame, caller))
			continue;
		rc = add_frame(keys, frame->module, frame->name, &result);
		caller = frame;
	}
	if (rc == 0 && !trace->count)
		rc = add_frame(keys, "", "[no stack]", &result);
	if (rc == 0)
		*key = result;
	return rc;
}

const struct allot_label **allotp_identity_labels(const struct allot_keys *keys, uint32_t key, uint32_t *count)
{
	const struct allot_label **labels;
	uint32_t n = 0;

	for (uint32_t k = key; k; k = allotp_keys_caller(keys, k))
		n++;
	labels = malloc((n + (size_t)1) * sizeof(*labels));
	if (!labels)
		return NULL;
	n = 0;
	for (uint32_t k = key; k; k = allotp_keys_caller(keys, k))
		labels[n++] = allotp_keys_newest(keys, k);
	*count = n;
	return labels;
}

/* The ends of texts are included, so that "a" "bc" is not "ab" "c". */
static uint64_t mix(uint64_t hash, const char *text)
{
	return allotp_hash_chain(hash, text, strlen(text) + 1);
}

struct allot_fingerprint allotp_identity_fingerprint(const struct allot_keys *keys, uint32_t key)
{
	struct allot_fingerprint fingerprint;
	uint64_t hash = ALLOTP_HASH_START;

	for (; key; key = allotp_keys_caller(keys, key)) {
		const struct allot_label *label = allotp_keys_newest(keys, key);

		hash = mix(mix(hash, label->file), label->text);
	}
	snprintf(fingerprint.text, sizeof(fingerprint.text), "%016" PRIx64, hash);
	return fingerprint;
}
