# The walk: the processor's own, incremental, or through libunwind.
noinst_LTLIBRARIES += libunwinding.la libloaded.la libloaded-maps.la
LOADED = lib/unwind/loaded-program.c lib/unwind/loaded.h
libloaded_la_SOURCES = $(LOADED)
libloaded_maps_la_SOURCES = lib/unwind/loaded-maps.c $(LOADED)
if FIND_OBJECT
libloaded_la_SOURCES += lib/unwind/loaded-find.c
else
libloaded_la_SOURCES += lib/unwind/loaded-maps.c
endif
libunwinding_la_SOURCES = \
	lib/unwind/memory.c \
	lib/unwind/memory.h \
	lib/unwind/object.h \
	lib/unwind/reference.c \
	lib/unwind/reference.h \
	lib/unwind/registered.h \
	lib/unwind/walk.h
libunwinding_la_LIBADD = -ldl
UNWIND_OWN = \
	lib/unwind/cfi.c \
	lib/unwind/cfi.h \
	lib/unwind/code.c \
	lib/unwind/code.h \
	lib/unwind/cursor.h \
	lib/unwind/expression.c \
	lib/unwind/expression.h \
	lib/unwind/fde.c \
	lib/unwind/fde.h \
	lib/unwind/instructions.h \
	lib/unwind/object.c \
	lib/unwind/path.c \
	lib/unwind/path.h \
	lib/unwind/registered.c \
	lib/unwind/registers.h \
	lib/unwind/rule.c \
	lib/unwind/rule.h \
	lib/unwind/step.c \
	lib/unwind/walk.c \
	lib/unwind/walker.h \
	lib/unwind/words.h
if UNWIND_X86_64
libunwinding_la_SOURCES += $(UNWIND_OWN) lib/unwind/registers-x86_64.h lib/unwind/instructions-x86_64.c
endif
if UNWIND_AARCH64
libunwinding_la_SOURCES += $(UNWIND_OWN) lib/unwind/registers-aarch64.h lib/unwind/instructions-aarch64.c
endif
if UNWIND_GENERIC
libunwinding_la_SOURCES += lib/unwind/walk-generic.c
endif
