# lib/filter: what filters keep of a snapshot
noinst_LTLIBRARIES += libfilter.la
libfilter_la_SOURCES = \
	lib/filter/apply.c \
	lib/filter/filter.h \
	lib/filter/glob.c lib/filter/glob.h \
	lib/filter/match.c \
	lib/filter/text.c
