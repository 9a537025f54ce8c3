# lib/symbol: addresses to names, and what can be told of a program file before it runs
noinst_LTLIBRARIES += libsymbol.la
libsymbol_la_SOURCES = \
	lib/symbol/symbol.h \
	lib/symbol/resolver.c \
	lib/symbol/allocator.c lib/symbol/allocator.h \
	lib/symbol/object.c lib/symbol/object.h \
	lib/symbol/ahead.c lib/symbol/ahead.h \
	lib/symbol/debug-file.c lib/symbol/debug-file.h \
	lib/symbol/units.c lib/symbol/units.h \
	lib/symbol/table.c lib/symbol/table.h \
	lib/symbol/data.c lib/symbol/data.h \
	lib/symbol/types.c lib/symbol/types.h \
	lib/symbol/qualifier.c lib/symbol/qualifier.h \
	lib/symbol/ranges.c lib/symbol/ranges.h \
	lib/symbol/names.c lib/symbol/names.h \
	lib/symbol/progress.c lib/symbol/progress.h \
	lib/symbol/demangle.c \
	lib/symbol/inspect.c lib/symbol/inspect.h \
	lib/symbol/program.c lib/symbol/program.h \
	lib/symbol/privilege.c lib/symbol/privilege.h \
	lib/symbol/elf-facts.c lib/symbol/elf-facts.h
libsymbol_la_CFLAGS = $(AM_CFLAGS) $(DW_CFLAGS) $(ELF_CFLAGS)
libsymbol_la_LIBADD = $(DW_LIBS) $(ELF_LIBS) $(IBERTY_LIBS)
