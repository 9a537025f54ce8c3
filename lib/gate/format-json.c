/* SPDX-License-Identifier: MIT */
/* A verdict as JSON, with all that is known. doc/allot-budget.5 has the keys. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "gate/identity.h"
#include "gate/writer.h"
#include "report/json.h"

enum { VERSION = 1 };

static json_t *count(struct allot_count count)
{
	return json_pack("{s:o, s:o}", "bytes", allotp_json_number(count.bytes), "blocks",
			 allotp_json_number(count.blocks));
}

/* An array of what `make` makes of each number below `end`; NULL: out of memory. */
typedef json_t *make_fn(struct allot_verdict *verdict, uint32_t number);

static json_t *array_of(struct allot_verdict *verdict, uint32_t end, make_fn *make)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < end && array; i++)
		if (json_array_append_new(array, make(verdict, i)) < 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static json_t *incomplete(struct allot_verdict *verdict, uint32_t number)
{
	return allotp_json_string(verdict->incomplete[number]);
}

static json_t *note(struct allot_verdict *verdict, uint32_t number)
{
	const struct allot_note *one = &verdict->notes[number];

	return json_pack("{s:o, s:o, s:o}", "text", allotp_json_string(one->text), "file",
			 allotp_json_string(one->file), "line",
			 one->line ? allotp_json_number(one->line) : json_null());
}

static json_t *limit(const struct allot_verdict *verdict, const struct allot_check *check, uint32_t number)
{
	const struct allot_limit *one = &check->limits[number];
	const char *file = verdict->judged->budget->file;
	bool known = !one->relative || (check->compared && check->rule->scope != ALLOT_SCOPE_GROWTH);

	return json_pack("{s:o, s:s, s:o, s:o, s:o}", "text", allotp_json_string(one->text), "unit",
			 one->blocks ? "blocks" : "bytes", "allows",
			 known ? allotp_json_number(allotp_limit_allowed(one, check->before)) : json_null(), "file",
			 allotp_json_string(one->line ? file : NULL), "line",
			 one->line ? allotp_json_number(one->line) : json_null());
}

static json_t *limits(const struct allot_verdict *verdict, const struct allot_check *check)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < check->limit_count && array; i++)
		if (json_array_append_new(array, limit(verdict, check, i)) < 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static json_t *check(struct allot_verdict *verdict, uint32_t number)
{
	static const char *const results[] = { "kept", "broken", "unchecked" };
	const struct allot_check *one = &verdict->checks[number];
	bool checked = one->result != ALLOT_RESULT_UNCHECKED;

	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "quantity", allotp_quantity_name(one->quantity), "of",
			 allotp_json_string(one->subject), "result", results[one->result], "reason",
			 allotp_json_string(one->reason), "now", checked ? count(one->now) : json_null(), "before",
			 checked && one->compared ? count(one->before) : json_null(), "limits", limits(verdict, one));
}

static json_t *frame(const struct allot_trace_frame *one)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "function", allotp_json_string(one->function), "file",
			 allotp_json_string(one->file), "line", one->line ? allotp_json_number(one->line) : json_null(),
			 "module", allotp_json_string(*one->path ? one->path : NULL));
}

static json_t *frames(const struct allot_trace *trace)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < trace->count && array; i++)
		if (json_array_append_new(array, frame(trace->frames[i])) < 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static json_t *finding(struct allot_verdict *verdict, uint32_t number)
{
	const struct allot_finding *one = &verdict->findings[number];
	struct allot_detail detail;
	json_t *object = NULL;

	if (allotp_detail_init(&detail, verdict, one, 0) == 0)
		object = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "kind",
				   allotp_kind_name(detail.kind), "check", allotp_json_number(one->check), "message",
				   allotp_json_string(detail.message), "now", count(one->now), "before",
				   one->compared ? count(one->before) : json_null(), "file",
				   allotp_json_string(detail.file), "line",
				   detail.line ? allotp_json_number(detail.line) : json_null(), "fingerprint",
				   detail.fingerprint, "frames", frames(&detail.trace));
	allotp_detail_release(&detail);
	return object;
}

/* "f;g;main": the functions of an identity, innermost first. */
static json_t *identity(const struct allot_verdict *verdict, uint32_t key)
{
	char *text = allotp_keys_text(verdict->keys, key);
	json_t *string = text ? allotp_json_string(text) : NULL;

	free(text);
	return string;
}

static json_t *moved(struct allot_verdict *verdict, uint32_t number)
{
	struct allot_move move = allotp_verdict_move(verdict, number + 1);

	return json_pack("{s:o, s:o, s:o, s:o}", "count", count(move.count), "from", identity(verdict, move.from->key),
			 "to", identity(verdict, move.to->key), "others", allotp_json_number(move.others));
}

static json_t *suppression(struct allot_verdict *verdict, uint32_t number)
{
	static const char *const states[] = { "holds", "unused", "expired", "exceeded" };
	const struct allot_suppressions *set = verdict->judged->suppressions;
	const struct allot_suppression *one = &set->list[number];

	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o}", "file", allotp_json_string(one->file), "line",
			 allotp_json_number(one->line), "pattern", allotp_json_string(one->text), "state",
			 states[allotp_suppression_state(set, one)], "met", count(one->met), "reason",
			 allotp_json_string(one->reason));
}

int allotp_verdict_write_json(FILE *out, struct allot_verdict *verdict)
{
	const struct allot_case *judged = verdict->judged;
	const char *result = verdict->refused ? "incomplete" : verdict->over ? "over" : "pass";
	json_t *root =
		json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "allot_check", VERSION, "result",
			  result, "snapshot", allotp_json_string(judged->name), "baseline",
			  allotp_json_string(judged->before ? judged->before_name : NULL), "incomplete",
			  array_of(verdict, verdict->incomplete_count, incomplete), "checks",
			  array_of(verdict, verdict->check_count, check), "findings",
			  array_of(verdict, verdict->finding_count, finding), "moved",
			  array_of(verdict, verdict->moved.moved, moved), "suppressed", count(verdict->now.suppressed),
			  "suppressions", array_of(verdict, judged->suppressions->count, suppression), "notes",
			  array_of(verdict, verdict->note_count, note));

	if (!root)
		return -ENOMEM;
	json_dumpf(root, out, JSON_INDENT(1));
	putc('\n', out);
	json_decref(root);
	return 0;
}
