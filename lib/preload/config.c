/* SPDX-License-Identifier: MIT */
/* What the environment says, and what becomes of it. */
#include "preload/config.h"

#include <string.h>
#include <unistd.h>

#include "common/sys.h"
#include "scan/scan.h"
#include "store/weight.h"

struct allot_config allotp_config;

static const char *value_of(const char *name)
{
	size_t size = strlen(name);

	for (char **entry = environ; entry && *entry; entry++) {
		if (!strncmp(*entry, name, size) && (*entry)[size] == '=')
			return *entry + size + 1;
	}
	return NULL;
}

static void complain(const char *name, const char *value)
{
	const char *const parts[] = { "allot: ", name, "=", value, " makes no sense; this program is not traced\n" };
	char line[512];
	size_t used = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t size = strlen(parts[i]);

		if (size > sizeof(line) - used - 64)
			size = sizeof(line) - used - 64;
		memcpy(line + used, parts[i], size);
		used += size;
	}
	allotp_sys_write(2, line, used);
	allotp_config.off = allotp_config.invalid = true;
}

/* A number from least to most, or `otherwise` when the variable is not set. */
static uint64_t number(const char *name, uint64_t least, uint64_t most, uint64_t otherwise)
{
	const char *text = value_of(name), *c = text;
	uint64_t value = 0;

	if (!text || !*text)
		return otherwise;
	for (; *c >= '0' && *c <= '9' && value <= most; c++)
		value = 10 * value + (uint64_t)(*c - '0');
	if (*c || value < least || value > most) {
		complain(name, text);
		return otherwise;
	}
	return value;
}

static bool copy_text(char *to, const char *text)
{
	size_t size = text ? strlen(text) : 0;

	if (size >= ALLOT_CONFIG_TEXT)
		return false;
	memcpy(to, text ? text : "", size);
	to[size] = 0;
	return true;
}

/* The name as marks have it. */
static void read_repeat(void)
{
	const char *text = value_of("ALLOT_REPEAT");
	size_t size = text ? strnlen(text, ALLOT_NAME_SIZE) : 0;

	memcpy(allotp_config.repeat, text ? text : "", size);
	allotp_config.repeat[size] = 0;
}

static bool is_separator(char c)
{
	return c == ':' || c == ' ';
}

static bool is_ours(const char *entry, size_t size)
{
	static const char name[] = "liballot.so";
	size_t base = size;

	while (base && entry[base - 1] != '/')
		base--;
	return size - base >= sizeof(name) - 1 && !memcmp(entry + base, name, sizeof(name) - 1);
}

/* The entry of LD_PRELOAD that names us; NULL and size 0 if none does. */
static const char *own_entry(const char *list, size_t *size)
{
	while (list && *list) {
		size_t length = 0;

		while (list[length] && !is_separator(list[length]))
			length++;
		if (is_ours(list, length)) {
			*size = length;
			return list;
		}
		list += length + (list[length] != 0);
	}
	*size = 0;
	return NULL;
}

/* In hexadecimal, with 0x before it; 0 when the variable is not set. */
static uint64_t address(const char *name)
{
	static const char digits[] = "0123456789abcdef";
	const char *text = value_of(name), *digit, *c;
	uint64_t value = 0;

	if (!text || !*text)
		return 0;
	c = strncmp(text, "0x", 2) ? text : text + 2;
	for (; c > text && *c && !(value >> 60) && (digit = strchr(digits, *c)); c++)
		value = value << 4 | (uint64_t)(digit - digits);
	if (*c || !value)
		complain(name, text);
	return value;
}

/* 1, 0, all, none, or names with commas between. */
static void read_leaks(void)
{
	const char *text = value_of("ALLOT_LEAKS"), *end;

	allotp_config.why = address("ALLOT_WHY");
	allotp_config.heuristics = ALLOT_SCAN_HEURISTICS;
	if (!text || !*text || !strcmp(text, "0"))
		return;
	allotp_config.leaks = true;
	if (!strcmp(text, "1"))
		return;
	allotp_config.heuristics = (uint8_t)allotp_scan_heuristics(text, &end);
	if (*end)
		complain("ALLOT_LEAKS", text);
}

void allotp_config_read(void)
{
	struct allot_config *config = &allotp_config;
	const char *own, *text = value_of("ALLOT");
	size_t size;

	config->off = text && !strcmp(text, "0");
	config->depth_limit = (uint32_t)(config->off ? 0 : number("ALLOT", 1, 65535, 0));
	config->follow = number("ALLOT_FOLLOW", 0, 1, 1);
	config->by_run = value_of("ALLOT_FOLLOW");
	config->verify = (uint32_t)number("ALLOT_VERIFY", 1, UINT32_MAX, 0);
	config->record_mmap = number("ALLOT_MMAP", 0, 1, 0);
	read_leaks();
	read_repeat();
	config->ring_events = (uint32_t)number("ALLOT_RING", 16, 65536, 2048);
	if (config->ring_events & (config->ring_events - 1))
		complain("ALLOT_RING", value_of("ALLOT_RING"));
	config->sampling_bytes = number("ALLOT_SAMPLE", 0, ALLOT_SAMPLING_MAX, 0);
	config->sampling_seed = number("ALLOT_SAMPLE_SEED", 0, UINT64_MAX / 100, 0);
	config->store_fd = (int)number("ALLOT_STORE_FD", 0, 1 << 20, UINT64_MAX);
	if (!copy_text(config->directory, value_of("ALLOT_DIR")))
		complain("ALLOT_DIR", "(too long)");
	own = own_entry(value_of("LD_PRELOAD"), &size);
	if (own && size < sizeof(config->library)) {
		memcpy(config->library, own, size);
		config->library[size] = 0;
	}
	/* Too long to be passed on: then it stays in the environment, where it is, and is enough for most. */
	if (!copy_text(config->preload, value_of("LD_PRELOAD")))
		config->preload[0] = 0;
	/* The programs that this one starts would say the same. */
	if (config->invalid)
		config->follow = false;
}

static void remove_variable(const char *name)
{
	size_t size = strlen(name);

	for (char **entry = environ; entry && *entry;) {
		char **rest = entry;

		if (strncmp(*entry, name, size) || (*entry)[size] != '=') {
			entry++;
			continue;
		}
		do {
			rest[0] = rest[1];
		} while (*rest++);
	}
}

void allotp_config_remove_entry(char *list)
{
	char *own;
	size_t size;

	while ((own = (char *)(uintptr_t)own_entry(list, &size))) {
		char *end = own + size;

		/* With the separator behind it, or else the one before. */
		if (*end)
			end++;
		else if (own > list)
			own--;
		memmove(own, end, strlen(end) + 1);
	}
}

static void remove_own_entry(void)
{
	char *list = (char *)(uintptr_t)value_of("LD_PRELOAD");

	allotp_config_remove_entry(list);
	if (list && !*list)
		remove_variable("LD_PRELOAD");
}

void allotp_config_hide(void)
{
	remove_variable("ALLOT_STORE_FD");
	if (allotp_config.follow)
		return;
	remove_own_entry();
	remove_variable("ALLOT");
	remove_variable("ALLOT_DIR");
	remove_variable("ALLOT_FOLLOW");
	remove_variable("ALLOT_RING");
	remove_variable("ALLOT_MMAP");
	remove_variable("ALLOT_LEAKS");
	remove_variable("ALLOT_WHY");
	remove_variable("ALLOT_REPEAT");
	remove_variable("ALLOT_VERIFY");
	remove_variable("ALLOT_SAMPLE");
	remove_variable("ALLOT_SAMPLE_SEED");
}
