noinst_LTLIBRARIES += libcommon.la
libcommon_la_SOURCES = lib/common/error.c lib/common/error.h
