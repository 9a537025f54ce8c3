/* SPDX-License-Identifier: MIT */
/* Why a block is still there, as JSON: each answer has the root, and its links from there to the block. */
#include <errno.h>
#include <inttypes.h>

#include "leaks/leaks.h"
#include "leaks/place.h"
#include "leaks/why.h"
#include "report/json.h"
#include "report/label.h"

static const char *const kinds[ALLOT_LINKS] = {
	[ALLOT_LINK_BLOCK] = "block",         [ALLOT_LINK_LEFT_OUT] = "left_out",
	[ALLOT_LINK_DATA] = "variable",       [ALLOT_LINK_STACK] = "stack",
	[ALLOT_LINK_REGISTER] = "register",   [ALLOT_LINK_LOCAL] = "thread_local",
	[ALLOT_LINK_DESCRIPTOR] = "thread",   [ALLOT_LINK_LOCALS] = "thread_local_table",
	[ALLOT_LINK_RUNS] = "stack_in_block", [ALLOT_LINK_MAPPING] = "mapping",
	[ALLOT_LINK_ENDED] = "ended_thread",  [ALLOT_LINK_NAMED] = "registered",
	[ALLOT_LINK_IGNORED] = "ignored",
};

static int set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) ? -ENOMEM : 0;
}

static int set_address(json_t *object, uint64_t address)
{
	return set(object, "address", json_sprintf("0x%" PRIx64, address));
}

static int fill_root(const struct allot_view *view, const struct allot_link *link, json_t *object)
{
	struct allot_link_text text;
	int rc = allotp_why_root(view, link, &text);

	if (rc == 0)
		rc = set(object, "kind", json_string(kinds[link->kind]));
	if (rc == 0)
		rc = set(object, "text", allotp_json_string(text.text));
	if (rc == 0 && text.module)
		rc = set(object, "module", allotp_json_string(allotp_module_name(view->snapshot, text.module)));
	if (rc == 0 && text.symbol)
		rc = set(object, "symbol", allotp_json_string(text.symbol));
	if (rc == 0 && text.symbol)
		rc = set(object, "offset", allotp_json_number(text.offset));
	if (rc == 0 && text.field)
		rc = set(object, "field", allotp_json_string(text.field));
	if (rc == 0 && link->thread)
		rc = set(object, "thread", allotp_json_number(link->thread));
	if (rc == 0 && link->address)
		rc = set_address(object, link->address);
	return rc;
}

static int fill_block(const struct allot_view *view, const struct allot_answer *answer, uint32_t i, json_t *object)
{
	const struct allot_link *link = &answer->links[i];
	const char *field = NULL;
	int rc;

	if (link->kind == ALLOT_LINK_LEFT_OUT)
		return set(object, "left_out", allotp_json_number(link->size));
	rc = set_address(object, link->address);
	if (rc == 0)
		rc = set(object, "size", allotp_json_number(link->size));
	if (rc == 0)
		rc = set(object, "inside", allotp_json_number(link->inside));
	if (rc == 0)
		rc = allotp_place_json(view, link->stack, object);
	if (rc == 0 && i)
		rc = set(object, "offset", allotp_json_number(link->offset));
	if (rc == 0)
		rc = allotp_why_field(view, answer, i, &field);
	if (rc == 0 && field)
		rc = set(object, "field", allotp_json_string(field));
	return rc;
}

static int fill_links(const struct allot_view *view, const struct allot_answer *answer, json_t *array)
{
	int rc = 0;

	for (uint32_t i = answer->link_count - 1; i-- && rc == 0;) {
		json_t *object = json_object();

		rc = object ? fill_block(view, answer, i, object) : -ENOMEM;
		if (json_array_append_new(array, object))
			rc = -ENOMEM;
	}
	return rc;
}

static int fill_answer(const struct allot_view *view, const struct allot_answer *answer, json_t *object)
{
	json_t *root = json_object(), *links = json_array();
	int rc = set(object, "class", json_string(allotp_leak_class_name((enum allot_leak_class)answer->leak_class)));

	if (rc == 0)
		rc = set(object, "live",
			 json_pack("{s:o, s:o}", "bytes", allotp_json_number(answer->count.bytes), "blocks",
				   allotp_json_number(answer->count.blocks)));
	if (rc == 0)
		rc = allotp_place_json(view, answer->stack, object);
	if (rc == 0)
		rc = set(object, "example", json_boolean(answer->example));
	if (rc == 0 && answer->links)
		rc = root && links ? fill_root(view, &answer->links[answer->link_count - 1], root) : -ENOMEM;
	if (rc == 0 && answer->links)
		rc = fill_links(view, answer, links);
	if (json_object_set_new(object, "root", answer->links ? root : json_null()))
		rc = -ENOMEM;
	if (!answer->links)
		json_decref(root);
	if (json_object_set_new(object, "links", links))
		rc = -ENOMEM;
	return rc;
}

static json_t *answers(const struct allot_view *view, const struct allot_why *why)
{
	json_t *array = json_array();
	int rc = array ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < why->count && rc == 0; i++) {
		json_t *object = json_object();

		rc = object ? fill_answer(view, &why->list[i], object) : -ENOMEM;
		if (json_array_append_new(array, object))
			rc = -ENOMEM;
	}
	if (rc == 0)
		return array;
	json_decref(array);
	return NULL;
}

int allotp_why_write_json(FILE *out, const struct allot_view *view, const struct allot_why *why)
{
	json_t *array = answers(view, why);
	json_t *object = array ? json_pack("{s:i, s:o, s:o}", "allot", 1, "question", allotp_json_string(why->question),
					   "why", array)
			       : NULL;
	int rc = allotp_json_write(out, object, 0);

	putc('\n', out);
	json_decref(object);
	return rc;
}
