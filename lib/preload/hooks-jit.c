/* SPDX-License-Identifier: MIT */
/*
 * The unwind data that JIT compilers register with libgcc, or with an unwinder in its place. Noted before it is in use and
 * forgotten while it still is there, so that no walk reads what is gone.
 */
#include "preload/export.h"
#include "preload/modules.h"
#include "preload/real.h"
#include "unwind/registered.h"

void __register_frame(void *);
void __deregister_frame(void *);

/* The compiler's library, with its libgcc, may have been loaded after ours, and out of sight. */
static void pass_on(void (**real)(void *), const char *name, void *eh_frame)
{
	if (!*real)
		*(void **)real = allotp_real_find_cxx(name);
	if (*real)
		(*real)(eh_frame);
}

ALLOT_EXPORT void __register_frame(void *eh_frame)
{
	if (eh_frame)
		allotp_registered_add(eh_frame);
	if (allotp_real_ready())
		pass_on(&allotp_real.__register_frame, "__register_frame", eh_frame);
}

ALLOT_EXPORT void __deregister_frame(void *eh_frame)
{
	if (allotp_registered_remove(eh_frame))
		allotp_modules_code_gone();
	if (allotp_real_ready())
		pass_on(&allotp_real.__deregister_frame, "__deregister_frame", eh_frame);
}
