# lib/gate: what `allot check` judges by: budgets, suppressions, the identity of call sites in two builds
noinst_LTLIBRARIES += libgate.la
libgate_la_SOURCES = \
	lib/gate/date.c lib/gate/date.h \
	lib/gate/file.c lib/gate/file.h \
	lib/gate/fold.c lib/gate/fold.h \
	lib/gate/pattern.c lib/gate/pattern.h \
	lib/gate/suppression.c lib/gate/suppression.h \
	lib/gate/suppression-file.c \
	lib/gate/trace.c lib/gate/trace.h
libgate_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
