# lib/scan: which blocks a process can still reach
noinst_LTLIBRARIES += libscan.la
libscan_la_SOURCES = \
	lib/scan/chain.c \
	lib/scan/chain.h \
	lib/scan/held.c \
	lib/scan/held.h \
	lib/scan/heuristic.c \
	lib/scan/index.c \
	lib/scan/inject.c \
	lib/scan/inject.h \
	lib/scan/look.c \
	lib/scan/look.h \
	lib/scan/machine.h \
	lib/scan/mappings.c \
	lib/scan/mappings.h \
	lib/scan/mark.c \
	lib/scan/roots.c \
	lib/scan/roots.h \
	lib/scan/scan.h \
	lib/scan/signal-stop.c \
	lib/scan/signal-stop.h \
	lib/scan/tasks.c \
	lib/scan/tasks.h \
	lib/scan/threads.h \
	lib/scan/uncopied.c \
	lib/scan/uncopied.h \
	lib/scan/world.c \
	lib/scan/world.h
if UNWIND_X86_64
libscan_la_SOURCES += lib/scan/machine-x86_64.c lib/scan/threads-x86_64.c
else
libscan_la_SOURCES += lib/scan/threads-generic.c
endif
if UNWIND_AARCH64
libscan_la_SOURCES += lib/scan/machine-aarch64.c
endif
if UNWIND_GENERIC
libscan_la_SOURCES += lib/scan/machine-generic.c
endif
libscan_la_CFLAGS = $(AM_CFLAGS) -O2 -fasynchronous-unwind-tables
