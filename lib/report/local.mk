# lib/report: statistics of a snapshot, and the formats they are printed in
noinst_LTLIBRARIES += libreport.la
libreport_la_SOURCES = \
	lib/report/array.c lib/report/array.h \
	lib/report/backtrace.c lib/report/backtrace.h \
	lib/report/compare.c \
	lib/report/format-csv.c \
	lib/report/filtered.c lib/report/filtered.h \
	lib/report/frame-text.c lib/report/frame-text.h \
	lib/report/hash.c lib/report/hash.h \
	lib/report/format-json.c \
	lib/report/json.c lib/report/json.h \
	lib/report/keys.c lib/report/keys.h \
	lib/report/format-markdown.c \
	lib/report/measure.c \
	lib/report/namer.c lib/report/namer.h \
	lib/report/label.c lib/report/label.h \
	lib/report/numbers.c \
	lib/report/print.c lib/report/print.h \
	lib/report/report.c lib/report/report.h \
	lib/report/size.c lib/report/size.h \
	lib/report/source.c lib/report/source.h \
	lib/report/statistics.c lib/report/statistics.h \
	lib/report/format-text.c \
	lib/report/typed.c lib/report/typed.h \
	lib/report/trust.c lib/report/trust.h \
	lib/report/writer.h
libreport_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libreport_la_LIBADD = $(JANSSON_LIBS) -lm
