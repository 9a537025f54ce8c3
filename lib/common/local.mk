noinst_LTLIBRARIES += libcommon.la
libcommon_la_SOURCES = \
	lib/common/clock.c \
	lib/common/clock.h \
	lib/common/error.c \
	lib/common/error.h \
	lib/common/sys.h
