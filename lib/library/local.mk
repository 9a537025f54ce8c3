# lib/library: liballot-snapshot, what include/allot/snapshot.h promises. The command links its parts as they are.
pkginclude_HEADERS += include/allot/error.h include/allot/model.h include/allot/snapshot.h
noinst_LTLIBRARIES += liblibrary.la
liblibrary_la_SOURCES = \
	lib/library/access.c \
	lib/library/handle.c lib/library/handle.h \
	lib/library/json-fields.c lib/library/json-fields.h \
	lib/library/json-read.c lib/library/json-read.h \
	lib/library/json-read-stacks.c lib/library/json-read-stacks.h \
	lib/library/json-write.c \
	lib/library/load.c lib/library/load.h \
	lib/library/options.c lib/library/options.h \
	lib/library/report.c \
	lib/library/snapshot.c \
	lib/library/statistics.c \
	lib/library/traceback.c lib/library/traceback.h
liblibrary_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
LIBRARY_PARTS = liblibrary.la libread.la libfilter.la libreport.la libsymbol.la libsnapshot.la libstore.la libcommon.la

# Its version is CURRENT:REVISION:AGE, as libtool counts. Before a release: if only code has changed, REVISION + 1; if there
# are new functions, CURRENT + 1, REVISION 0, AGE + 1; if functions or structs were taken away or changed, CURRENT + 1,
# REVISION 0, AGE 0.
lib_LTLIBRARIES += liballot-snapshot.la
liballot_snapshot_la_SOURCES =
liballot_snapshot_la_LIBADD = $(LIBRARY_PARTS)
liballot_snapshot_la_LDFLAGS = -version-info 0:0:0 -no-undefined -export-symbols $(srcdir)/lib/library/exports
liballot_snapshot_la_DEPENDENCIES = $(LIBRARY_PARTS) lib/library/exports
EXTRA_DIST += lib/library/exports
