# The snapshot library: its parts, then the shared library by its public header alone.
FILTER_LIBS = libfilter.la libreport.la libsymbol.la libsnapshot.la libstore.la libcommon.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test-glob tests/unit/test-filter
TESTS += tests/unit/test-glob tests/unit/test-filter
tests_unit_test_glob_SOURCES = tests/unit/test-glob.c tests/unit/unit.h
tests_unit_test_glob_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_glob_LDADD = $(FILTER_LIBS)
tests_unit_test_filter_SOURCES = tests/unit/test-filter.c $(REPORT_SAMPLE)
tests_unit_test_filter_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_filter_LDADD = $(FILTER_LIBS)

LIBRARY_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir)/include $(CHECK_CFLAGS)
TRACE_SAMPLE = tests/unit/trace-sample.c tests/unit/trace-sample.h tests/unit/unit.h
check_PROGRAMS += tests/unit/test-tracemalloc
TESTS += tests/unit/test-tracemalloc
tests_unit_test_tracemalloc_SOURCES = tests/unit/test-tracemalloc.c $(TRACE_SAMPLE)
tests_unit_test_tracemalloc_CPPFLAGS = $(LIBRARY_CPPFLAGS)
tests_unit_test_tracemalloc_LDADD = liballot-snapshot.la $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test-library
TESTS += tests/unit/test-library
tests_unit_test_library_SOURCES = tests/unit/test-library.c $(REPORT_SAMPLE)
tests_unit_test_library_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_library_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_library_LDADD = $(LIBRARY_PARTS) $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test-library-memory
TESTS += tests/unit/test-library-memory
tests_unit_test_library_memory_SOURCES = tests/unit/test-library-memory.c $(FAILING) $(REPORT_SAMPLE)
tests_unit_test_library_memory_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_library_memory_LDFLAGS = $(AM_LDFLAGS) $(ALLOCATIONS_WRAPPED)
tests_unit_test_library_memory_LDADD = $(LIBRARY_PARTS) $(UNIT_LIBS)
