/* SPDX-License-Identifier: MIT */
/* What a frame is called: in each grouping, and when its file or function is not known. */
#include "report/label.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *allot_group_by_name(enum allot_group_by group_by)
{
	static const char *const names[ALLOT_GROUPS] = { "line",  "function", "file",  "module",
							 "stack", "domain",   "region",   "type" };

	return (unsigned)group_by < ALLOT_GROUPS ? names[group_by] : NULL;
}

const char *allotp_module_name(const struct allot_snapshot *snapshot, uint32_t module)
{
	return module ? snapshot->modules[module].path : ALLOT_LABEL_UNKNOWN;
}

const char *allotp_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

uint64_t allotp_symbol_offset(const struct allot_snapshot *snapshot, const struct allot_symbol *symbol)
{
	return symbol->address - snapshot->modules[symbol->module].bias;
}

void allotp_symbol_name(const struct allot_snapshot *snapshot, const struct allot_symbol *symbol, char *buffer,
			size_t size)
{
	if (symbol->module)
		snprintf(buffer, size, "%s+0x%" PRIx64, allotp_base_name(snapshot->modules[symbol->module].path),
			 allotp_symbol_offset(snapshot, symbol));
	else
		snprintf(buffer, size, "0x%" PRIx64, symbol->address);
}

/* Adds a label whose text is printed from a format. */
static int add(struct allot_keys *keys, const char *file, uint32_t line, uint32_t *label, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static int add(struct allot_keys *keys, const char *file, uint32_t line, uint32_t *label, const char *format, ...)
{
	va_list args;
	char *text;
	int rc;

	va_start(args, format);
	rc = vasprintf(&text, format, args);
	va_end(args);
	if (rc < 0)
		return -ENOMEM;
	rc = allotp_keys_label(keys, file, line, text, label);
	free(text);
	return rc;
}

int allotp_label_of_frame(struct allot_keys *keys, enum allot_group_by group_by, const struct allot_snapshot *snapshot,
			  const struct allot_symbol *symbol, uint32_t frame, uint32_t *label)
{
	const struct allot_frame *f = &symbol->frames[frame];
	const char *path = allotp_module_name(snapshot, symbol->module);
	const char *module = allotp_base_name(path);
	char name[PATH_MAX + 32];

	allotp_symbol_name(snapshot, symbol, name, sizeof(name));
	switch (group_by) {
	case ALLOT_GROUP_FUNCTION:
		if (f->function)
			return add(keys, f->file ? f->file : module, 0, label, "%s (%s)", f->function,
				   f->file ? f->file : module);
		return allotp_keys_label(keys, module, 0, name, label);
	case ALLOT_GROUP_FILE:
		return add(keys, f->file ? f->file : module, 0, label, "%s:0", f->file ? f->file : module);
	case ALLOT_GROUP_MODULE:
		return allotp_keys_label(keys, path, 0, path, label);
	default:
		if (f->file)
			return add(keys, f->file, f->line, label, "%s:%" PRIu32, f->file, f->line);
		return allotp_keys_label(keys, module, 0, name, label);
	}
}

int allotp_label_of_end(struct allot_keys *keys, uint32_t node, uint32_t *label)
{
	static const char *const names[] = {
		[ALLOT_NODE_NONE] = ALLOT_LABEL_NO_STACK,
		[ALLOT_NODE_ROOT] = ALLOT_LABEL_NO_STACK,
		[ALLOT_NODE_TRUNCATED] = "[truncated]",
		[ALLOT_NODE_LIMIT] = "[depth limit]",
	};

	return allotp_keys_label(keys, "", 0, names[node], label);
}

int allotp_label_of_domain(struct allot_keys *keys, const struct allot_snapshot *snapshot, uint32_t domain,
			   uint32_t *label)
{
	if (domain < snapshot->domain_count)
		return allotp_keys_label(keys, snapshot->domains[domain], 0, snapshot->domains[domain], label);
	return add(keys, "domain", domain, label, "domain %" PRIu32, domain);
}

int allotp_label_of_region(struct allot_keys *keys, const struct allot_snapshot *snapshot, uint32_t region,
			   uint32_t *label)
{
	char *path;
	int rc;

	if (!region)
		return allotp_keys_label(keys, "", 0, "[no region]", label);
	path = allotp_snapshot_region_path(snapshot, region);
	if (!path)
		return -ENOMEM;
	rc = allotp_keys_label(keys, path, 0, path, label);
	free(path);
	return rc;
}
