/* SPDX-License-Identifier: MIT */
/* Reading budgets: JSON, with the position of whatever is wrong. */
#include "gate/budget.h"

#include <allot/snapshot.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "gate/file.h"
#include "gate/position.h"
#include "report/array.h"

enum {
	VERSION = 1,
	TRUNCATED_PERCENT = 1, /* of the stacks, if a budget does not say it */
	MOST_STEPS = 8,        /* from the document down to any value of it */
};

/* Where the reader is in the document. */
struct reader {
	struct allot_budget *budget;
	const char *name, *text;
	struct allot_json_step steps[MOST_STEPS];
	size_t depth;
	struct allot_error *error;
};

static int fail(const struct reader *reader, bool key, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* An error at the value that the reader is at, or its key. */
static int fail(const struct reader *reader, bool key, const char *format, ...)
{
	struct allot_position at = allotp_json_position(reader->text, reader->steps, reader->depth, key);
	char what[320];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return allotp_error(reader->error, -EINVAL, "%s:%" PRIu32 ":%" PRIu32 ": %s", reader->name, at.line, at.column,
			    what);
}

static int no_memory(const struct reader *reader)
{
	return allotp_error(reader->error, -ENOMEM, "%s: out of memory", reader->name);
}

static uint32_t line_of(const struct reader *reader, bool key)
{
	return allotp_json_position(reader->text, reader->steps, reader->depth, key).line;
}

static const char *type_of(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return names[json_typeof(value)];
}

/* Goes into a member or an element; leave() goes back. */
static void enter(struct reader *reader, const char *key, size_t index)
{
	reader->steps[reader->depth++] = (struct allot_json_step){ key, index };
}

static void leave(struct reader *reader)
{
	reader->depth--;
}

/* Reads all members of an object by one function. */
typedef int read_member_fn(struct reader *reader, const char *key, json_t *value, void *context);

static int read_members(struct reader *reader, json_t *object, read_member_fn *read, void *context)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return fail(reader, false, "%s where an object is wanted", type_of(object));
	json_object_foreach(object, key, value)
	{
		int rc;

		enter(reader, key, 0);
		rc = read(reader, key, value, context);
		leave(reader);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_elements(struct reader *reader, json_t *array, read_member_fn *read, void *context)
{
	json_t *value;
	size_t index;

	if (!json_is_array(array))
		return fail(reader, false, "%s where an array is wanted", type_of(array));
	json_array_foreach(array, index, value)
	{
		int rc;

		enter(reader, NULL, index);
		rc = read(reader, NULL, value, context);
		leave(reader);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A limit that is being read, and the rule that it is for. */
struct draft {
	struct allot_rule *rule;
	struct allot_limit limit;
	bool unit_is_given; /* by "bytes" or "blocks" */
};

static const char *example_of(const struct draft *draft)
{
	if (draft->rule->scope == ALLOT_SCOPE_GROWTH)
		return draft->limit.blocks ? "such as \"+0\" or \"+5%\"" : "such as \"+5%\" or \"+5% +256 B\"";
	return draft->limit.blocks ? "such as 100 or \"+5%\"" : "such as 4096, \"64 KiB\" or \"+5%\"";
}

static int add_limit(struct reader *reader, const struct draft *draft, const char *text)
{
	struct allot_rule *rule = draft->rule;
	struct allot_limit *bigger;

	if (rule->scope == ALLOT_SCOPE_GROWTH && !draft->limit.relative)
		return fail(reader, false, "growth is relative to the baseline, %s", example_of(draft));
	bigger = reallocarray(rule->limits, rule->limit_count + (size_t)1, sizeof(*bigger));
	if (!bigger)
		return no_memory(reader);
	rule->limits = bigger;
	bigger = &rule->limits[rule->limit_count];
	*bigger = draft->limit;
	bigger->text = strdup(text);
	bigger->line = line_of(reader, false);
	if (!bigger->text)
		return no_memory(reader);
	rule->limit_count++;
	return 0;
}

static int read_number(struct reader *reader, json_int_t number, struct draft *draft)
{
	char text[32];

	if (number < 0)
		return fail(reader, false, "a limit below zero");
	/* No bytes at all would still be any number of empty blocks. */
	if (number == 0 && !draft->unit_is_given)
		draft->limit.blocks = true;
	draft->limit.most = (uint64_t)number;
	snprintf(text, sizeof(text), draft->limit.blocks ? "%" PRIu64 : "%" PRIu64 " B", draft->limit.most);
	return add_limit(reader, draft, text);
}

static int read_text(struct reader *reader, const char *text, struct draft *draft)
{
	int rc = allotp_limit_parse(&draft->limit, text);

	if (rc == -ENOMEM)
		return no_memory(reader);
	if (rc < 0)
		return fail(reader, false, "'%.64s' is no limit of %s, %s", text,
			    draft->limit.blocks ? "blocks" : "bytes", example_of(draft));
	return add_limit(reader, draft, text);
}

static int read_limit(struct reader *reader, const char *key, json_t *value, void *context);

static int read_unit(struct reader *reader, const char *key, json_t *value, void *context)
{
	struct draft draft = *(struct draft *)context;

	if (strcmp(key, "bytes") && strcmp(key, "blocks"))
		return fail(reader, true, "unknown key '%.64s'; a limit has bytes, blocks", key);
	draft.limit.blocks = !strcmp(key, "blocks");
	draft.unit_is_given = true;
	return read_limit(reader, NULL, value, &draft);
}

/* A number, a text, {"bytes": …, "blocks": …}, or an array of numbers and texts, of which each holds. */
static int read_limit(struct reader *reader, const char *key, json_t *value, void *context)
{
	struct draft draft = *(struct draft *)context;
	bool nested = reader->depth && !reader->steps[reader->depth - 1].key;

	(void)key;
	if (json_is_object(value) && !draft.unit_is_given && !nested && draft.limit.quantity != ALLOT_QUANTITY_COUNT)
		return read_members(reader, value, read_unit, &draft);
	if (json_is_array(value) && !nested)
		return read_elements(reader, value, read_limit, &draft);
	if (json_is_string(value))
		return read_text(reader, json_string_value(value), &draft);
	if (json_is_integer(value))
		return read_number(reader, json_integer_value(value), &draft);
	return fail(reader, false, "%s where a limit is wanted, %s", type_of(value), example_of(&draft));
}

static int find_quantity(const char *name)
{
	for (int i = 0; i < ALLOT_QUANTITIES; i++)
		if (!strcmp(name, allotp_quantity_name(i)))
			return i;
	return -EINVAL;
}

static int read_quantity(struct reader *reader, const char *key, json_t *value, void *context)
{
	struct allot_rule *rule = context;
	struct draft draft = { .rule = rule };
	int quantity = find_quantity(key);

	if (quantity < 0)
		return fail(reader, true,
			    "unknown key '%.64s'; limits are on live, peak, ever, count, temporary, leaks", key);
	draft.limit.quantity = (enum allot_quantity)quantity;
	draft.limit.blocks = draft.unit_is_given = quantity == ALLOT_QUANTITY_COUNT;
	return read_limit(reader, key, value, &draft);
}

static int add_rule(struct reader *reader, enum allot_scope scope, const char *name, struct allot_rule **rule)
{
	struct allot_budget *budget = reader->budget;

	if (allotp_array_reserve(&budget->rules, &budget->room, budget->count + 1, sizeof(*budget->rules)) < 0)
		return no_memory(reader);
	*rule = &budget->rules[budget->count++];
	**rule = (struct allot_rule){ .scope = scope, .name = strdup(name), .line = line_of(reader, true) };
	return (*rule)->name ? 0 : no_memory(reader);
}

static int read_rule(struct reader *reader, enum allot_scope scope, const char *name, json_t *value)
{
	struct allot_rule *rule;
	int rc = add_rule(reader, scope, name, &rule);

	return rc < 0 ? rc : read_members(reader, value, read_quantity, rule);
}

static int read_named_rule(struct reader *reader, const char *key, json_t *value, void *context)
{
	return read_rule(reader, *(const enum allot_scope *)context, key, value);
}

static int read_filter(struct reader *reader, const char *key, json_t *value, void *context)
{
	struct allot_rule *rule = context;
	struct allot_filter *bigger, filter;
	struct allot_error error;

	(void)key;
	if (!json_is_string(value))
		return fail(reader, false, "%s where a filter is wanted, such as \"+*/parse.c\"", type_of(value));
	if (allot_filter_parse(json_string_value(value), &filter, &error) < 0)
		return fail(reader, false, "%.256s", error.text);
	bigger = reallocarray(rule->filters, rule->filter_count + (size_t)1, sizeof(*bigger));
	if (!bigger) {
		allot_filter_release(&filter);
		return no_memory(reader);
	}
	rule->filters = bigger;
	rule->filters[rule->filter_count++] = filter;
	return 0;
}

static int read_sites_member(struct reader *reader, const char *key, json_t *value, void *context)
{
	static const char *const others[] = { "name", "filters", "all_frames" };
	struct allot_rule *rule = context;
	char *name;

	if (!strcmp(key, others[0])) {
		if (!json_is_string(value))
			return fail(reader, false, "%s where a name is wanted", type_of(value));
		name = strdup(json_string_value(value));
		if (!name)
			return no_memory(reader);
		free(rule->name);
		rule->name = name;
		return 0;
	}
	if (!strcmp(key, others[1]))
		return read_elements(reader, value, read_filter, rule);
	if (!strcmp(key, others[2]))
		return json_is_boolean(value) ? 0
					      : fail(reader, false, "%s where true or false is wanted", type_of(value));
	if (find_quantity(key) < 0)
		return fail(reader, true,
			    "unknown key '%.64s'; sites have name, filters, all_frames, live, peak, ever, count, "
			    "temporary, leaks",
			    key);
	return read_quantity(reader, key, value, rule);
}

static int read_sites(struct reader *reader, const char *key, json_t *value, void *context)
{
	struct allot_rule *rule;
	int rc = add_rule(reader, ALLOT_SCOPE_SITES, "", &rule);

	(void)key;
	(void)context;
	if (rc == 0)
		rc = read_members(reader, value, read_sites_member, rule);
	if (rc == 0 && !rule->filter_count)
		rc = fail(reader, false, "sites without filters");
	for (uint32_t i = 0; rc == 0 && i < rule->filter_count; i++)
		rule->filters[i].all_frames |= json_is_true(json_object_get(value, "all_frames"));
	return rc;
}

/* "1%" */
static int read_truncated(struct reader *reader, json_t *value)
{
	struct allot_limit limit = { .blocks = true };
	const char *text = json_string_value(value);

	if (!text || *text == '+' || allotp_limit_parse(&limit, text) < 0 || !limit.relative || limit.percent > 0)
		return fail(reader, false,
			    "the part of the stacks that may end early, from \"0%%\" to \"100%%\", is wanted");
	reader->budget->truncated_percent = limit.percent + 100;
	reader->budget->truncated_given = true;
	reader->budget->truncated_line = line_of(reader, false);
	return 0;
}

static int read_part(struct reader *reader, const char *key, json_t *value, void *context)
{
	static const struct {
		const char *key;
		enum allot_scope scope;
	} named[] = {
		{ "domains", ALLOT_SCOPE_DOMAIN },
		{ "regions", ALLOT_SCOPE_REGION },
		{ "modules", ALLOT_SCOPE_MODULE },
	};

	(void)context;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (!strcmp(key, named[i].key))
			return read_members(reader, value, read_named_rule, (void *)&named[i].scope);
	if (!strcmp(key, "program"))
		return read_rule(reader, ALLOT_SCOPE_PROGRAM, "", value);
	if (!strcmp(key, "growth"))
		return read_rule(reader, ALLOT_SCOPE_GROWTH, "", value);
	if (!strcmp(key, "sites"))
		return read_elements(reader, value, read_sites, NULL);
	if (!strcmp(key, "truncated"))
		return read_truncated(reader, value);
	if (!strcmp(key, "version"))
		return json_is_integer(value) && json_integer_value(value) == VERSION
			       ? 0
			       : fail(reader, false, "this allot reads budgets of version %d", VERSION);
	if (!strcmp(key, "$schema"))
		return json_is_string(value) ? 0 : fail(reader, false, "%s where a name is wanted", type_of(value));
	return fail(reader, true,
		    "unknown key '%.64s'; a budget has version, program, domains, regions, modules, sites, growth, "
		    "truncated",
		    key);
}

/* jansson's own words may hold a piece of the text, with all that is in it. */
static int fail_syntax(const struct reader *reader, const json_error_t *where)
{
	return allotp_error(reader->error, -EINVAL, "%s:%d:%d: not JSON: %s", reader->name, where->line, where->column,
			    where->text);
}

int allotp_budget_parse(struct allot_budget *budget, const char *name, const char *text, size_t size,
			struct allot_error *error)
{
	struct allot_budget result = { .truncated_percent = TRUNCATED_PERCENT };
	struct reader reader = { .budget = &result, .name = name, .text = text, .error = error };
	json_error_t where;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	int rc;

	if (!root)
		return fail_syntax(&reader, &where);
	result.file = strdup(name);
	rc = result.file ? read_members(&reader, root, read_part, NULL) : no_memory(&reader);
	json_decref(root);
	if (rc < 0)
		allotp_budget_release(&result);
	else
		*budget = result;
	return rc;
}

int allotp_budget_read(struct allot_budget *budget, const char *path, struct allot_error *error)
{
	size_t size;
	char *text;
	int rc = allotp_file_read(path, &text, &size, error);

	if (rc < 0)
		return rc;
	rc = allotp_budget_parse(budget, path, text, size, error);
	free(text);
	return rc;
}
