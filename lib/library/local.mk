# lib/library: liballot-snapshot, what include/allot/snapshot.h promises. The command links its parts as they are.
pkginclude_HEADERS += include/allot/error.h include/allot/snapshot.h
noinst_LTLIBRARIES += liblibrary.la
liblibrary_la_SOURCES = \
	lib/library/handle.c lib/library/handle.h \
	lib/library/load.c lib/library/load.h \
	lib/library/report.c \
	lib/library/snapshot.c
liblibrary_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
