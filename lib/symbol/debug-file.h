/* SPDX-License-Identifier: MIT */
/*
 * Separate debug files on this machine. libdwfl looks for them too, but when it finds none it loads libdebuginfod and the
 * thirty libraries that that needs, even if no server is to be asked; which takes longer than all the rest of a small
 * report.
 */
#ifndef ALLOT_SYMBOL_DEBUG_FILE_H
#define ALLOT_SYMBOL_DEBUG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where separate debug files are, in the syntax of libdwfl.h, if nobody says otherwise. */
#define ALLOT_DEBUG_PATH ":.debug:/usr/lib/debug"

/* Looks for DIRECTORY/.build-id/xx/yyyy.debug in the directories of the debug path. Its path, malloc'ed, or NULL. */
char *allotp_debug_file_by_build_id(const char *debug_path, const uint8_t *build_id, size_t size);

/*
 * Whether there is a file in any place where libdwfl looks for the debug file of this program or library: by its
 * build-id, or by the name in its debuglink (NULL: it has none). What it holds is not looked at. True also if memory
 * is short.
 */
bool allotp_debug_file_is_likely(const char *debug_path, const char *file, const char *debuglink,
				 const uint8_t *build_id, size_t size);

/* Whether there are servers to be asked for what is not on this machine: DEBUGINFOD_URLS. */
bool allotp_debug_servers(void);

#endif
