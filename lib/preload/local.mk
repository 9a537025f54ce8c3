# What runs in the traced program, and the header by which the program talks to it. Sanitizers have no place there.
pkginclude_HEADERS += include/allot/trace.h include/allot/region.h include/allot/leaks.h include/allot/check.h
if !SANITIZE
lib_LTLIBRARIES += liballot.la
noinst_LTLIBRARIES += libguest.la
endif
noinst_LTLIBRARIES += libbootstrap.la libsampling.la
libbootstrap_la_SOURCES = lib/preload/bootstrap.c lib/preload/bootstrap.h
libsampling_la_SOURCES = \
	lib/preload/sampled.c \
	lib/preload/sampled.h \
	lib/preload/sampler.c \
	lib/preload/sampler.h

libguest_la_SOURCES = \
	lib/preload/access.c \
	lib/preload/access.h \
	lib/preload/api-blocks.c \
	lib/preload/api-budgets.c \
	lib/preload/api-regions.c \
	lib/preload/api-snapshot.c \
	lib/preload/api.c \
	lib/preload/api.h \
	lib/preload/bypass.c \
	lib/preload/bypass.h \
	lib/preload/capture.c \
	lib/preload/capture.h \
	lib/preload/config.c \
	lib/preload/config.h \
	lib/preload/context.h \
	lib/preload/domains.c \
	lib/preload/domains.h \
	lib/preload/export.h \
	lib/preload/extent.c \
	lib/preload/extent.h \
	lib/preload/hooks-exec.c \
	lib/preload/hooks-filter.c \
	lib/preload/hooks-jit.c \
	lib/preload/hooks-life.c \
	lib/preload/hooks-malloc.c \
	lib/preload/hooks-mmap.c \
	lib/preload/hooks-new.c \
	lib/preload/hooks.def \
	lib/preload/api-leaks.c \
	lib/preload/leaks.c \
	lib/preload/leaks.h \
	lib/preload/life.h \
	lib/preload/modules.c \
	lib/preload/modules.h \
	lib/preload/objects.c \
	lib/preload/objects.h \
	lib/preload/order.h lib/preload/quick.h \
	lib/preload/picture.c \
	lib/preload/picture.h \
	lib/preload/program.c \
	lib/preload/program.h \
	lib/preload/real.c \
	lib/preload/real.h \
	lib/preload/record.c \
	lib/preload/record.h \
	lib/preload/scopes.c \
	lib/preload/scopes.h \
	lib/preload/session.c \
	lib/preload/session.h \
	lib/preload/sites.c \
	lib/preload/sites.h \
	lib/preload/state.c \
	lib/preload/state.h \
	lib/preload/suppressions.c \
	lib/preload/suppressions.h \
	lib/preload/text.c \
	lib/preload/text.h \
	lib/preload/thread.c \
	lib/preload/thread.h \
	lib/preload/verify.c \
	lib/preload/verify.h
libguest_la_CFLAGS = $(AM_CFLAGS) -ftls-model=initial-exec -fno-exceptions -fasynchronous-unwind-tables
liballot_la_LDFLAGS = -avoid-version -Wl,-z,now -Wl,-z,nodelete -Wl,--no-undefined \
	-Wl,--version-script=$(top_srcdir)/lib/preload/liballot.map
GUEST_LIBS = libguest.la libbootstrap.la libsampling.la libscan.la libunwinding.la libstore.la libcommon.la
liballot_la_SOURCES =
liballot_la_LIBADD = $(GUEST_LIBS) libloaded.la
EXTRA_DIST += lib/preload/liballot.map
