/* SPDX-License-Identifier: MIT */
/* Arrays that grow. */
#include "report/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int allotp_array_reserve(void *array, uint32_t *room, uint32_t wanted, size_t size)
{
	uint32_t more = *room ? *room : 64;
	void *old, *bigger;

	if (wanted <= *room)
		return 0;
	while (more < wanted) {
		if (more > UINT32_MAX / 2)
			return -ENOMEM;
		more *= 2;
	}
	/* array points to a pointer of any type: copied as bytes, so that no type is punned */
	memcpy(&old, array, sizeof(old));
	bigger = reallocarray(old, more, size);
	if (!bigger)
		return -ENOMEM;
	memcpy(array, &bigger, sizeof(bigger));
	*room = more;
	return 0;
}
