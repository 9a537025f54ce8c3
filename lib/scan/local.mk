# lib/scan: which blocks a process can still reach
noinst_LTLIBRARIES += libscan.la
libscan_la_SOURCES = \
	lib/scan/heuristic.c \
	lib/scan/index.c \
	lib/scan/mark.c \
	lib/scan/scan.h
libscan_la_CFLAGS = $(AM_CFLAGS) -O2 -fasynchronous-unwind-tables
