/* SPDX-License-Identifier: MIT */
/* Where a chain of pointers begins, in words, and what its links' fields are called. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "leaks/place.h"
#include "leaks/why.h"
#include "report/label.h"
#include "symbol/data.h"

/* The module that an address is in, of those that are still loaded; 0: none. */
static uint32_t module_at(const struct allot_snapshot *snapshot, uint64_t address)
{
	for (uint32_t i = 1; i < snapshot->module_count; i++) {
		const struct allot_module *module = &snapshot->modules[i];

		if (!module->unloaded && address >= module->start && address < module->end)
			return i;
	}
	return 0;
}

static uint32_t program_of(const struct allot_snapshot *snapshot)
{
	for (uint32_t i = 1; i < snapshot->module_count; i++) {
		if (!strcmp(snapshot->modules[i].path, snapshot->program))
			return i;
	}
	return 0;
}

static void append(struct allot_link_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(struct allot_link_text *text, const char *format, ...)
{
	size_t used = strlen(text->text);
	va_list args;

	va_start(args, format);
	vsnprintf(text->text + used, sizeof(text->text) - used, format, args);
	va_end(args);
}

static int name_datum(const struct allot_view *view, uint64_t address, bool thread_local, struct allot_link_text *text)
{
	struct allot_datum datum;
	int rc = allotp_resolve_datum(view->resolver, text->module, address, thread_local, &datum);

	if (rc < 0)
		return rc;
	text->symbol = datum.name;
	text->field = datum.field;
	text->offset = datum.offset;
	return 0;
}

/* "head + 8 of prog", "cache.slots[2] of prog" */
static void append_variable(const struct allot_view *view, struct allot_link_text *text)
{
	append(text, "%s", text->symbol);
	if (text->field)
		append(text, "%s%s", *text->field == '[' ? "" : ".", text->field);
	else if (text->offset)
		append(text, " + %" PRIu64, text->offset);
	append(text, " of %s", allotp_base_name(allotp_module_name(view->snapshot, text->module)));
}

static void append_thread(const struct allot_view *view, const struct allot_link *root, struct allot_link_text *text)
{
	if (root->thread == view->snapshot->pid)
		append(text, "the main thread");
	else
		append(text, "thread %" PRIu32, root->thread);
}

static int tell_data(const struct allot_view *view, const struct allot_link *root, struct allot_link_text *text)
{
	int rc;

	text->module = module_at(view->snapshot, root->address);
	rc = name_datum(view, root->address, false, text);
	if (rc < 0)
		return rc;
	if (text->symbol) {
		append(text, "variable ");
		append_variable(view, text);
	} else if (text->module) {
		append(text, "data of %s, at its 0x%" PRIx64,
		       allotp_base_name(allotp_module_name(view->snapshot, text->module)),
		       root->address - view->snapshot->modules[text->module].bias);
	} else {
		append(text, "data at 0x%" PRIx64, root->address);
	}
	return 0;
}

static int tell_local(const struct allot_view *view, const struct allot_link *root, struct allot_link_text *text)
{
	int rc;

	/* If the program has thread-local memory of its own, it is the loader's first module. */
	text->module = root->module == 1 ? program_of(view->snapshot) : 0;
	rc = name_datum(view, root->size, true, text);
	if (rc < 0)
		return rc;
	if (text->symbol) {
		append(text, "thread-local variable ");
		append_variable(view, text);
		append(text, ", in ");
	} else {
		text->module = 0;
		append(text, "thread-local memory of ");
	}
	append_thread(view, root, text);
	return 0;
}

static int tell_mapping(const struct allot_view *view, const struct allot_link *root, struct allot_link_text *text)
{
	char *place = NULL;
	size_t size;
	FILE *out;
	int rc = 0;

	if (root->stack < ALLOT_NODE_FIRST) {
		append(text, "mapped memory");
	} else {
		out = open_memstream(&place, &size);
		rc = out ? allotp_place_write(out, view, root->stack) : -ENOMEM;
		if (out && fclose(out))
			rc = -ENOMEM;
		if (rc == 0)
			append(text, "memory mapped by %s", place);
		free(place);
	}
	append(text, ", at 0x%" PRIx64, root->address);
	return rc;
}

int allotp_why_root(const struct allot_view *view, const struct allot_link *root, struct allot_link_text *text)
{
	*text = (struct allot_link_text){ 0 };
	switch (root->kind) {
	case ALLOT_LINK_DATA:
		return tell_data(view, root, text);
	case ALLOT_LINK_LOCAL:
		return tell_local(view, root, text);
	case ALLOT_LINK_MAPPING:
		return tell_mapping(view, root, text);
	case ALLOT_LINK_STACK:
		append(text, "the stack of ");
		append_thread(view, root, text);
		append(text, ", at 0x%" PRIx64, root->address);
		return 0;
	case ALLOT_LINK_REGISTER:
		append(text, "a register of ");
		append_thread(view, root, text);
		return 0;
	case ALLOT_LINK_DESCRIPTOR:
		append(text, "what libc keeps of ");
		append_thread(view, root, text);
		append(text, ", such as the values of its keys");
		return 0;
	case ALLOT_LINK_LOCALS:
		append(text, "the table of thread-local memory of ");
		append_thread(view, root, text);
		return 0;
	case ALLOT_LINK_RUNS:
		append(text, "a stack that is in it, of ");
		append_thread(view, root, text);
		return 0;
	case ALLOT_LINK_ENDED:
		append(text, "what libc keeps of a thread that has ended, such as its result");
		return 0;
	case ALLOT_LINK_NAMED:
		append(text, "memory that the program has registered, at 0x%" PRIx64, root->address);
		return 0;
	default:
		append(text, "the program has said that it is no leak");
		return 0;
	}
}

int allotp_why_field(const struct allot_view *view, const struct allot_answer *answer, uint32_t link,
		     const char **field)
{
	const struct allot_link *block = &answer->links[link];
	const char *type;

	*field = NULL;
	if (link == 0 || block->kind != ALLOT_LINK_BLOCK || answer->links[link - 1].kind == ALLOT_LINK_LEFT_OUT)
		return 0;
	return allotp_place_field(view, block->stack, block->size, block->offset, field, &type);
}
