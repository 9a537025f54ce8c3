# The object library: liballot-object for programs, and its parts for the unit tests.
pkginclude_HEADERS += \
	include/allot/gc.h \
	include/allot/graph.h \
	include/allot/object.h \
	include/allot/pool.h \
	include/allot/weakref.h

noinst_LTLIBRARIES += libobject.la
libobject_la_SOURCES = \
	lib/object/collect.c \
	lib/object/control.c \
	lib/object/death.c \
	lib/object/fields.c \
	lib/object/finalizer.c \
	lib/object/garbage.c \
	lib/object/graph-count.c \
	lib/object/graph-cycles.c \
	lib/object/graph-dot.c \
	lib/object/graph-find.c \
	lib/object/heap.c \
	lib/object/heap.h \
	lib/object/index.c \
	lib/object/index.h \
	lib/object/inspect.c \
	lib/object/list.c \
	lib/object/log.c \
	lib/object/object.c \
	lib/object/origin.c \
	lib/object/origin.h \
	lib/object/pool-stats.c \
	lib/object/pool.c \
	lib/object/pool.h \
	lib/object/radix.c \
	lib/object/scan.c \
	lib/object/symbolizer.c \
	lib/object/symbolizer.h \
	lib/object/table.c \
	lib/object/weakdict.c \
	lib/object/weakref.c \
	lib/object/world.c

if !SANITIZE
lib_LTLIBRARIES += liballot-object.la
endif
liballot_object_la_SOURCES =
liballot_object_la_LDFLAGS = -version-info 0:0:0 -Wl,--no-undefined \
	-Wl,--version-script=$(top_srcdir)/lib/object/liballot-object.map
liballot_object_la_LIBADD = libobject.la libcommon.la -lpthread -ldl
EXTRA_DIST += lib/object/liballot-object.map
