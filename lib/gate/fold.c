/* SPDX-License-Identifier: MIT */
/* The names of functions and modules without what changes from build to build. */
#include "gate/fold.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "report/label.h"

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Cuts the end off, if the text has it and something before. */
static bool cut_end(char *text, const char *end)
{
	size_t length = strlen(text), cut = strlen(end);

	if (length <= cut || strcmp(text + length - cut, end))
		return false;
	text[length - cut] = '\0';
	return true;
}

/* Cuts the beginning off, if the text has it and something behind. */
static void cut_beginning(char *text, const char *beginning)
{
	size_t cut = strlen(beginning);

	if (begins(text, beginning) && text[cut])
		memmove(text, text + cut, strlen(text + cut) + 1);
}

/* "libfoo.so.1" to "libfoo"; leaves "a.sock" alone. */
static void cut_shared(char *name)
{
	for (char *so = name; (so = strstr(so + 1, ".so"));)
		if (!so[3] || so[3] == '.') {
			*so = '\0';
			return;
		}
}

/* "libfoo-2.0" to "libfoo" */
static void cut_version(char *name)
{
	char *dash = strrchr(name, '-');

	if (dash && dash > name && isdigit((unsigned char)dash[1]) && !dash[1 + strspn(dash + 1, "0123456789.")])
		*dash = '\0';
}

char *allotp_fold_module(const char *path)
{
	char *name = strdup(allotp_base_name(path));

	if (!name)
		return NULL;
	cut_beginning(name, "lt-");
	if (*name) {
		cut_shared(name);
		cut_version(name);
	}
	return name;
}

bool allotp_is_libc(const char *module)
{
	return !strcmp(module, "libc") || !strcmp(module, "libpthread") || !strcmp(module, "ld") ||
	       begins(module, "ld-linux");
}

/* Behind the parenthesis that closes the one at p, or the text's end. */
static const char *skip_parameters(const char *p)
{
	unsigned depth = 0;

	for (; *p; p++) {
		depth += *p == '(';
		if (*p == ')' && !--depth)
			return p + 1;
	}
	return p;
}

/* Takes out all that stands in parentheses, but for names that have some: "operator()", "(anonymous namespace)". */
static void cut_parameters(char *name)
{
	static const char *const kept[] = { "operator()", "(anonymous namespace)" };
	char *to = name;

	for (const char *p = name; *p;) {
		size_t length = 1;

		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			if (begins(p, kept[i]))
				length = strlen(kept[i]);
		if (length == 1 && *p == '(' && p > name) {
			p = skip_parameters(p);
			continue;
		}
		memmove(to, p, length);
		to += length;
		p += length;
	}
	*to = '\0';
}

static void cut_qualifiers(char *name)
{
	while (cut_end(name, " const") || cut_end(name, " volatile") || cut_end(name, " &") || cut_end(name, " &&") ||
	       cut_end(name, " noexcept"))
		;
}

/* Names of C have no dot, so behind one stands what the compiler made of the function. */
static void cut_clone(char *name)
{
	char *clone = strstr(name, " [clone ");
	size_t identifier = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$");

	if (clone)
		*clone = '\0';
	if (identifier && name[identifier] == '.')
		name[identifier] = '\0';
}

static void cut_entry(char *name)
{
	static const char *const beginnings[] = { "__", "_IO_new_", "_IO_", "isoc99_", "isoc23_", "GI_", "libc_" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		cut_beginning(name, beginnings[i]);
	cut_end(name, "_chk");
	cut_end(name, "64");
}

char *allotp_fold_function(const char *name, bool of_libc)
{
	char *folded = strdup(name);

	if (!folded)
		return NULL;
	cut_clone(folded);
	cut_parameters(folded);
	cut_qualifiers(folded);
	if (of_libc)
		cut_entry(folded);
	return folded;
}
