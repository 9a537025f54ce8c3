# lib/gate: what `allot check` judges by: budgets, suppressions, the identity of call sites in two builds
noinst_LTLIBRARIES += libgate.la
libgate_la_SOURCES = \
	lib/gate/baseline.c lib/gate/baseline.h \
	lib/gate/budget.c lib/gate/budget.h \
	lib/gate/budget-file.c \
	lib/gate/change.c lib/gate/change.h \
	lib/gate/check.c \
	lib/gate/complete.c \
	lib/gate/date.c lib/gate/date.h \
	lib/gate/detail.c lib/gate/detail.h \
	lib/gate/file.c lib/gate/file.h \
	lib/gate/fold.c lib/gate/fold.h \
	lib/gate/format-github.c \
	lib/gate/format-gitlab.c \
	lib/gate/format-json.c \
	lib/gate/format-junit.c \
	lib/gate/format-markdown.c \
	lib/gate/format-sarif.c \
	lib/gate/format-text.c \
	lib/gate/identity.c lib/gate/identity.h \
	lib/gate/ledger.c lib/gate/ledger.h \
	lib/gate/limit.c lib/gate/limit.h \
	lib/gate/measure.c lib/gate/measure.h \
	lib/gate/moved.c \
	lib/gate/note.c \
	lib/gate/pattern.c lib/gate/pattern.h \
	lib/gate/place.c lib/gate/place.h \
	lib/gate/position.c lib/gate/position.h \
	lib/gate/standard.c \
	lib/gate/suppression.c lib/gate/suppression.h \
	lib/gate/suppression-file.c \
	lib/gate/trace.c lib/gate/trace.h \
	lib/gate/verdict.c lib/gate/verdict.h \
	lib/gate/writer.c lib/gate/writer.h
libgate_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
