/* SPDX-License-Identifier: MIT */
/* Which fields of a snapshot's parts are in its JSON. */
#include "library/json-fields.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "report/json.h"

#define FIELD(type, key, field, how)                                                                                   \
	{                                                                                                              \
		key, offsetof(type, field), ALLOT_JSON_##how                                                           \
	}

#define PROCESS(field, how) FIELD(struct allot_snapshot, #field, field, how)
const struct allot_json_field allotp_json_process[] = {
	PROCESS(pid, U64),
	PROCESS(program, STRING),
	PROCESS(command, STRING),
	PROCESS(note, STRING),
	PROCESS(start_time_ns, U64),
	PROCESS(time_ns, U64),
	PROCESS(peak_time_ns, U64),
	PROCESS(overhead_bytes, U64),
	PROCESS(sampling_bytes, U64),
	PROCESS(depth_limit, U32),
	PROCESS(dropped_marks, U64),
	PROCESS(dropped_regions, U64),
	{ 0 },
};

#define TRUST(field, how) FIELD(struct allot_snapshot, #field, trust.field, how)
const struct allot_json_field allotp_json_trust[] = {
	TRUST(events, U64),
	TRUST(walks, U64),
	TRUST(truncated, U64),
	TRUST(limited, U64),
	TRUST(bootstrap, U64),
	TRUST(unknown_frees, U64),
	TRUST(inherited_frees, U64),
	TRUST(mismatched, U64),
	TRUST(double_allocations, U64),
	TRUST(verified, U64),
	TRUST(differing, U64),
	TRUST(children, U64),
	TRUST(untraced_children, U64),
	TRUST(stopped, BOOL),
	TRUST(exit_value, I32),
	{ 0 },
};

const struct allot_json_field allotp_json_totals[] = {
	PROCESS(live, COUNT),      PROCESS(peak, COUNT), PROCESS(ever, COUNT),
	PROCESS(temporary, COUNT), PROCESS(frees, U64),  { 0 },
};

#define UNFILTERED(field, how) FIELD(struct allot_snapshot, #field, unfiltered.field, how)
const struct allot_json_field allotp_json_unfiltered[] = {
	UNFILTERED(live, COUNT),      UNFILTERED(peak, COUNT), UNFILTERED(ever, COUNT),
	UNFILTERED(temporary, COUNT), UNFILTERED(frees, U64),  { 0 },
};

#define MODULE(field, how) FIELD(struct allot_module, #field, field, how)
const struct allot_json_field allotp_json_module[] = {
	MODULE(path, STRING),    MODULE(start, HEX),     MODULE(end, HEX),       MODULE(bias, HEX),
	MODULE(generation, U32), MODULE(truncated, U64), MODULE(unloaded, BOOL), { 0 },
};

#define REGION(field, how) FIELD(struct allot_program_region, #field, field, how)
const struct allot_json_field allotp_json_region[] = {
	REGION(name, STRING), REGION(live, COUNT),      REGION(peak, COUNT),
	REGION(ever, COUNT),  REGION(temporary, COUNT), { 0 },
};

#define SITE(field, how) FIELD(struct allot_site, #field, field, how)
const struct allot_json_field allotp_json_site[] = {
	SITE(domain, U32),
	SITE(live, COUNT),
	SITE(peak, COUNT),
	SITE(ever, COUNT),
	SITE(temporary, COUNT),
	SITE(mismatched, U64),
	{ 0 },
};

#define VARIANCES(field) FIELD(struct allot_site, #field, variance.field, VARIANCE)
const struct allot_json_field allotp_json_variances[] = {
	VARIANCES(live), VARIANCES(peak), VARIANCES(ever), VARIANCES(temporary), { 0 },
};

#define MARK(field, how) FIELD(struct allot_mark, #field, field, how)
const struct allot_json_field allotp_json_mark[] = {
	MARK(name, STRING),
	MARK(time_ns, U64),
	MARK(live_bytes, U64),
	{ 0 },
};

#define SAMPLE(field) FIELD(struct allot_sample, #field, field, U64)
const struct allot_json_field allotp_json_sample[] = {
	SAMPLE(time_ns), SAMPLE(live_bytes), SAMPLE(live_blocks), SAMPLE(ever_bytes), SAMPLE(ever_blocks), { 0 },
};

#define FRAME(field, how) FIELD(struct allot_frame, #field, field, how)
const struct allot_json_field allotp_json_frame[] = {
	FRAME(function, STRING),
	FRAME(file, STRING),
	FRAME(line, U32),
	{ 0 },
};

#define OBJECTS(field, how) FIELD(struct allot_object_table, #field, field, how)
const struct allot_json_field allotp_json_objects[] = {
	OBJECTS(announced, BOOL), OBJECTS(taken, BOOL), OBJECTS(partial, BOOL), OBJECTS(error, I32), { 0 },
};

#define OBJECT(field, how) FIELD(struct allot_table_object, #field, field, how)
const struct allot_json_field allotp_json_object[] = {
	OBJECT(address, HEX), OBJECT(size, U64), OBJECT(type, U32), OBJECT(refs, U32),
	OBJECT(heap, U32),    OBJECT(flags, U32), { 0 },
};

#define REFERENCE(field) FIELD(struct allot_table_reference, #field, field, U32)
const struct allot_json_field allotp_json_reference[] = {
	REFERENCE(from), REFERENCE(to), REFERENCE(field), { 0 },
};

static const struct allot_json_field count_fields[] = {
	FIELD(struct allot_count, "bytes", bytes, U64),
	FIELD(struct allot_count, "blocks", blocks, U64),
	{ 0 },
};

const char *const allotp_json_exits[] = {
	[ALLOT_EXIT_RUNNING] = "running", [ALLOT_EXIT_CLEAN] = "clean",     [ALLOT_EXIT_SIGNALED] = "signaled",
	[ALLOT_EXIT_EXEC] = "exec",       [ALLOT_EXIT_UNKNOWN] = "unknown",
};

const char *const allotp_json_lost[] = {
	[ALLOT_LOST_STORE_FULL] = "store_full",   [ALLOT_LOST_THREADS] = "threads", [ALLOT_LOST_NESTED] = "nested",
	[ALLOT_LOST_INTERRUPTED] = "interrupted", [ALLOT_LOST_CORRUPT] = "corrupt",
};

const char *const allotp_json_ends[] = {
	[ALLOT_NODE_NONE] = "none",
	[ALLOT_NODE_ROOT] = "root",
	[ALLOT_NODE_TRUNCATED] = "truncated",
	[ALLOT_NODE_LIMIT] = "limit",
};

static json_t *hex(uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

static json_t *count(const struct allot_count *of)
{
	json_t *object = json_object();

	if (object && allotp_json_put(object, count_fields, of) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *value_of(const struct allot_json_field *field, const void *of)
{
	const void *at = (const char *)of + field->offset;

	switch (field->type) {
	case ALLOT_JSON_U64:
		return allotp_json_number(*(const uint64_t *)at);
	case ALLOT_JSON_U32:
		return json_integer(*(const uint32_t *)at);
	case ALLOT_JSON_I32:
		return json_integer(*(const int32_t *)at);
	case ALLOT_JSON_BOOL:
		return json_boolean(*(const bool *)at);
	case ALLOT_JSON_STRING:
		return allotp_json_string(*(char *const *)at);
	case ALLOT_JSON_HEX:
		return hex(*(const uint64_t *)at);
	case ALLOT_JSON_COUNT:
		return count(at);
	default:
		return json_pack("{s:f, s:f}", "bytes", ((const struct allot_variance *)at)->bytes, "blocks",
				 ((const struct allot_variance *)at)->blocks);
	}
}

int allotp_json_put(json_t *object, const struct allot_json_field *fields, const void *of)
{
	for (const struct allot_json_field *field = fields; field->key; field++)
		if (json_object_set_new(object, field->key, value_of(field, of)) < 0)
			return -ENOMEM;
	return 0;
}

int allotp_json_wrong(struct allot_json_reader *reader, const char *key, const char *what)
{
	if (!reader->rc)
		reader->rc = allotp_error(reader->error, -EBADMSG, "%s: %s%s%s: %s", reader->name, reader->place,
					  *reader->place && *key ? "." : "", key, what);
	return reader->rc;
}

int allotp_json_no_memory(struct allot_json_reader *reader)
{
	if (!reader->rc)
		reader->rc = allotp_error(reader->error, -ENOMEM, "%s: out of memory", reader->name);
	return reader->rc;
}

static int get_number(struct allot_json_reader *reader, const char *key, const json_t *value, json_int_t min,
		      json_int_t max, json_int_t *number)
{
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
		return allotp_json_wrong(reader, key, "not a whole number, or out of range");
	*number = json_integer_value(value);
	return 0;
}

static int get_string(struct allot_json_reader *reader, const char *key, const json_t *value, char **to)
{
	char *copy = NULL;

	if (json_is_string(value)) {
		copy = strdup(json_string_value(value));
		if (!copy)
			return allotp_json_no_memory(reader);
	} else if (!json_is_null(value)) {
		return allotp_json_wrong(reader, key, "not a string");
	}
	free(*to);
	*to = copy;
	return 0;
}

static int get_hex(struct allot_json_reader *reader, const char *key, const json_t *value, uint64_t *to)
{
	const char *text = json_string_value(value);
	char *end = NULL;

	errno = 0;
	if (text && !strncmp(text, "0x", 2) && strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2))
		*to = strtoull(text, &end, 16);
	return end && end > text + 2 && !errno ? 0
					       : allotp_json_wrong(reader, key, "not \"0x\" and a number of 64 bits");
}

static int get_count(struct allot_json_reader *reader, const char *key, const json_t *value, struct allot_count *to)
{
	size_t length = strlen(reader->place);

	if (!json_is_object(value))
		return allotp_json_wrong(reader, key, "not {\"bytes\": N, \"blocks\": N}");
	snprintf(reader->place + length, sizeof(reader->place) - length, ".%s", key);
	allotp_json_get(reader, value, count_fields, to);
	reader->place[length] = '\0';
	return reader->rc;
}

static int get_variance(struct allot_json_reader *reader, const char *key, const json_t *value,
			struct allot_variance *to)
{
	double bytes = json_number_value(json_object_get(value, "bytes"));
	double blocks = json_number_value(json_object_get(value, "blocks"));

	if (!(bytes >= 0) || !(blocks >= 0) || !isfinite(bytes) || !isfinite(blocks))
		return allotp_json_wrong(reader, key, "not a variance");
	*to = (struct allot_variance){ bytes, blocks };
	return 0;
}

static int get_value(struct allot_json_reader *reader, const struct allot_json_field *field, const json_t *value,
		     void *at)
{
	json_int_t number = 0;
	int rc;

	switch (field->type) {
	case ALLOT_JSON_U64:
		rc = get_number(reader, field->key, value, 0, INT64_MAX, &number);
		*(uint64_t *)at = (uint64_t)number;
		return rc;
	case ALLOT_JSON_U32:
		rc = get_number(reader, field->key, value, 0, UINT32_MAX, &number);
		*(uint32_t *)at = (uint32_t)number;
		return rc;
	case ALLOT_JSON_I32:
		rc = get_number(reader, field->key, value, INT32_MIN, INT32_MAX, &number);
		*(int32_t *)at = (int32_t)number;
		return rc;
	case ALLOT_JSON_BOOL:
		if (!json_is_boolean(value))
			return allotp_json_wrong(reader, field->key, "neither true nor false");
		*(bool *)at = json_is_true(value);
		return 0;
	case ALLOT_JSON_STRING:
		return get_string(reader, field->key, value, at);
	case ALLOT_JSON_HEX:
		return get_hex(reader, field->key, value, at);
	case ALLOT_JSON_COUNT:
		return get_count(reader, field->key, value, at);
	default:
		return get_variance(reader, field->key, value, at);
	}
}

int allotp_json_get(struct allot_json_reader *reader, const json_t *object, const struct allot_json_field *fields,
		    void *to)
{
	if (object && !json_is_object(object))
		return allotp_json_wrong(reader, "", "not an object");
	for (const struct allot_json_field *field = fields; field->key && !reader->rc; field++) {
		const json_t *value = json_object_get(object, field->key);

		if (value)
			get_value(reader, field, value, (char *)to + field->offset);
	}
	return reader->rc;
}
