/* SPDX-License-Identifier: MIT */
/* What the module unwind-plugin.c offers. */
#ifndef ALLOT_TESTS_UNWIND_PLUGIN_H
#define ALLOT_TESTS_UNWIND_PLUGIN_H

void plugin_call(void (*function)(void *), void *argument);

#endif
