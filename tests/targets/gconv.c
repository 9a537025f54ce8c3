/* SPDX-License-Identifier: MIT */
/*
 * A character set for iconv, which libc loads and unloads by itself, past dlclose. Each time it is opened, the function
 * SITE_NAME allocates SITE_SIZE bytes, and nobody frees them.
 */
#include <gconv.h>

#include "target.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int gconv_init(struct __gconv_step *step);
EXPORT int gconv(struct __gconv_step *step, struct __gconv_step_data *data, const unsigned char **in,
		 const unsigned char *end, unsigned char **start, size_t *irreversible, int flush, int consume);

SITE void *SITE_NAME(void)
{
	return malloc(SITE_SIZE);
}

int gconv_init(struct __gconv_step *step)
{
	step->__min_needed_from = step->__max_needed_from = 4;
	step->__min_needed_to = step->__max_needed_to = 1;
	step->__stateful = 0;
	return SITE_NAME() ? __GCONV_OK : __GCONV_NOMEM;
}

/* Nothing is ever converted. */
int gconv(struct __gconv_step *step, struct __gconv_step_data *data, const unsigned char **in, const unsigned char *end,
	  unsigned char **start, size_t *irreversible, int flush, int consume)
{
	(void)step;
	(void)data;
	(void)in;
	(void)end;
	(void)start;
	(void)irreversible;
	(void)flush;
	(void)consume;
	return __GCONV_ILLEGAL_INPUT;
}
