/* SPDX-License-Identifier: MIT */
/* Separate debug files on this machine. */
#include "symbol/debug-file.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An element of a debug path. */
struct element {
	const char *text;
	int length;
};

/* Takes the next one off the path; its mark for whether to compare checksums is left out. False: there is none. */
static bool next_element(const char **path, struct element *element)
{
	const char *end;

	if (!*path)
		return false;
	end = strchrnul(*path, ':');
	element->text = *path;
	if (**path == '+' || **path == '-')
		element->text++;
	element->length = (int)(end - element->text);
	*path = *end ? end + 1 : NULL;
	return true;
}

char *allotp_debug_file_by_build_id(const char *debug_path, const uint8_t *build_id, size_t size)
{
	char name[3 * 64] = "";
	struct element element;
	size_t length = 0;

	if (!size || size > 64)
		return NULL;
	for (size_t i = 0; i < size; i++)
		length += (size_t)sprintf(name + length, i == 1 ? "/%02x" : "%02x", build_id[i]);
	while (next_element(&debug_path, &element)) {
		char *path;

		if (*element.text != '/')
			continue;
		if (asprintf(&path, "%.*s/.build-id/%s.debug", element.length, element.text, name) < 0)
			return NULL;
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static bool exists(const struct element *element, const char *directory, const char *name)
{
	char path[3 * PATH_MAX];
	int length =
		*element->text == '/'
			? snprintf(path, sizeof(path), "%.*s%s/%s", element->length, element->text, directory, name)
			: snprintf(path, sizeof(path), "%s/%.*s/%s", directory, element->length, element->text, name);

	return length < 0 || (size_t)length >= sizeof(path) || access(path, F_OK) == 0;
}

/* Below an absolute element, the file's directory is sought whole, and then with ever fewer components. */
static bool is_in(const char *debug_path, const char *directory, const char *name)
{
	struct element element;

	while (next_element(&debug_path, &element)) {
		const char *part = directory;

		do {
			if (exists(&element, part, name))
				return true;
			part = *part && *element.text == '/' ? strchrnul(part + 1, '/') : NULL;
		} while (part);
	}
	return false;
}

/* In the places for a file of that path. */
static bool is_linked(const char *debug_path, const char *file, const char *debuglink)
{
	char directory[PATH_MAX], base[PATH_MAX], name[PATH_MAX];

	if (snprintf(directory, sizeof(directory), "%s", file) >= (int)sizeof(directory) ||
	    snprintf(base, sizeof(base), "%s", file) >= (int)sizeof(base) ||
	    snprintf(name, sizeof(name), "%s%s", debuglink ? debuglink : basename(base), debuglink ? "" : ".debug") >=
		    (int)sizeof(name))
		return true;
	return is_in(debug_path, dirname(directory), name);
}

bool allotp_debug_file_is_likely(const char *debug_path, const char *file, const char *debuglink,
				 const uint8_t *build_id, size_t size)
{
	char *path = allotp_debug_file_by_build_id(debug_path, build_id, size), real[PATH_MAX];

	free(path);
	return path || is_linked(debug_path, file, debuglink) ||
	       (realpath(file, real) && is_linked(debug_path, real, debuglink));
}

bool allotp_debug_servers(void)
{
	const char *servers = getenv("DEBUGINFOD_URLS");

	return servers && *servers;
}
