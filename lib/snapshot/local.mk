# lib/snapshot: the snapshot in memory and in its file; freezing a store into one
noinst_LTLIBRARIES += libsnapshot.la
libsnapshot_la_SOURCES = \
	lib/snapshot/check.c lib/snapshot/check.h \
	lib/snapshot/container.c lib/snapshot/container.h \
	lib/snapshot/counts.h \
	lib/snapshot/decode.c lib/snapshot/decoder.c lib/snapshot/decoder.h \
	lib/snapshot/encode.c lib/snapshot/encoder.c lib/snapshot/encoder.h \
	lib/snapshot/freeze.c lib/snapshot/freeze.h \
	lib/snapshot/freeze-blocks.c lib/snapshot/freeze-history.c lib/snapshot/freeze-leaks.c lib/snapshot/freeze-objects.c lib/snapshot/freeze-sites.c lib/snapshot/freeze-sites.h \
	lib/snapshot/freeze-estimates.c lib/snapshot/freeze-regions.c lib/snapshot/freeze-tree.c \
	lib/snapshot/model.c \
	lib/snapshot/payload.h \
	lib/snapshot/read.c \
	lib/snapshot/snapshot.h \
	lib/snapshot/table.c lib/snapshot/table.h \
	lib/snapshot/view.c lib/snapshot/view.h \
	lib/snapshot/write.c
libsnapshot_la_CFLAGS = $(AM_CFLAGS) $(ZSTD_CFLAGS)
libsnapshot_la_LIBADD = $(ZSTD_LIBS)
EXTRA_DIST += lib/snapshot/FORMAT.md
