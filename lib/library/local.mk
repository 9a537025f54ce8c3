# lib/library: liballot-snapshot, what include/allot/snapshot.h promises. The command links its parts as they are.
pkginclude_HEADERS += include/allot/error.h include/allot/model.h include/allot/snapshot.h
noinst_LTLIBRARIES += liblibrary.la
liblibrary_la_SOURCES = \
	lib/library/access.c \
	lib/library/handle.c lib/library/handle.h \
	lib/library/load.c lib/library/load.h \
	lib/library/options.c lib/library/options.h \
	lib/library/report.c \
	lib/library/snapshot.c \
	lib/library/statistics.c \
	lib/library/traceback.c lib/library/traceback.h
liblibrary_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
