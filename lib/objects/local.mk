# lib/objects: the table of objects in a snapshot, and the cycles in it that a collection would find, told
noinst_LTLIBRARIES += libobjects.la
libobjects_la_SOURCES = \
	lib/objects/cycles.c lib/objects/cycles.h \
	lib/objects/format-dot.c \
	lib/objects/format-json.c \
	lib/objects/format-text.c \
	lib/objects/graph.c lib/objects/graph.h \
	lib/objects/writer.c lib/objects/writer.h
libobjects_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
