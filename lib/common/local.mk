noinst_LTLIBRARIES += libcommon.la
libcommon_la_SOURCES = \
	lib/common/bytes.c \
	lib/common/bytes.h \
	lib/common/clock.c \
	lib/common/clock.h \
	lib/common/components.c \
	lib/common/components.h \
	lib/common/error.c \
	lib/common/error.h \
	lib/common/mapping.c \
	lib/common/mapping.h \
	lib/common/process.c \
	lib/common/process.h \
	lib/common/sys.h \
	lib/common/utf8.c \
	lib/common/utf8.h
