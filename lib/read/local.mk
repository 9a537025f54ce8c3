# Reading stores from outside: `allot run`, `allot snapshot`, store files.
noinst_LTLIBRARIES += libread.la
libread_la_SOURCES = \
	lib/read/mappings.c \
	lib/read/mappings.h \
	lib/read/process.c \
	lib/read/reader.c \
	lib/read/reader.h
