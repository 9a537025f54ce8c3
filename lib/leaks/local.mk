# lib/leaks: what a look for leaks has found, told
noinst_LTLIBRARIES += libleaks.la
libleaks_la_SOURCES = \
	lib/leaks/cycles.c lib/leaks/cycles.h \
	lib/leaks/format-dot.c \
	lib/leaks/format-json.c \
	lib/leaks/format-text.c \
	lib/leaks/growth.c lib/leaks/growth.h \
	lib/leaks/growth-csv.c \
	lib/leaks/growth-json.c \
	lib/leaks/growth-markdown.c \
	lib/leaks/growth-text.c \
	lib/leaks/growth-writer.h \
	lib/leaks/leaks.c lib/leaks/leaks.h \
	lib/leaks/phrase.c lib/leaks/phrase.h \
	lib/leaks/place.c lib/leaks/place.h \
	lib/leaks/shapes.c lib/leaks/shapes.h \
	lib/leaks/suppressed.h \
	lib/leaks/tally.c lib/leaks/tally.h \
	lib/leaks/trend.c lib/leaks/trend.h \
	lib/leaks/why.c lib/leaks/why.h \
	lib/leaks/why-json.c \
	lib/leaks/why-root.c \
	lib/leaks/why-text.c \
	lib/leaks/writer.h
libleaks_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
