noinst_LTLIBRARIES += libstore.la
# A core waits for what it has written in two parts and reads as one.
libstore_la_CFLAGS = $(AM_CFLAGS) -fno-tree-slp-vectorize
libstore_la_SOURCES = \
	lib/store/apply.c \
	lib/store/apply.h \
	lib/store/batch.c \
	lib/store/batch.h \
	lib/store/begin.c \
	lib/store/begin.h \
	lib/store/clear.c \
	lib/store/clear.h \
	lib/store/count.h \
	lib/store/cursor.c \
	lib/store/cursor.h \
	lib/store/drain.c \
	lib/store/drain.h \
	lib/store/history.c \
	lib/store/history.h \
	lib/store/image.c \
	lib/store/image.h \
	lib/store/journal.c \
	lib/store/journal.h \
	lib/store/layout.h \
	lib/store/live.c \
	lib/store/live.h \
	lib/store/maps.c \
	lib/store/maps.h \
	lib/store/merge.c \
	lib/store/merge.h \
	lib/store/ring.c \
	lib/store/ring.h \
	lib/store/sampled.c \
	lib/store/scope.c \
	lib/store/scope.h \
	lib/store/scoped.c \
	lib/store/scoped.h \
	lib/store/series.c \
	lib/store/series.h \
	lib/store/site.c \
	lib/store/site.h \
	lib/store/store.c \
	lib/store/store.h \
	lib/store/tree.c \
	lib/store/tree.h \
	lib/store/usual.c \
	lib/store/usual.h \
	lib/store/weight.c \
	lib/store/weight.h \
	lib/store/window.c \
	lib/store/window.h
