# The snapshot library, by its public header and the shared library alone.
LIBRARY_TESTS = tests/unit/test-tracemalloc
TRACE_SAMPLE = tests/unit/trace-sample.c tests/unit/trace-sample.h tests/unit/unit.h
check_PROGRAMS += $(LIBRARY_TESTS)
TESTS += $(LIBRARY_TESTS)
tests_unit_test_tracemalloc_SOURCES = tests/unit/test-tracemalloc.c $(TRACE_SAMPLE)
tests_unit_test_tracemalloc_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir)/include $(CHECK_CFLAGS)
tests_unit_test_tracemalloc_LDADD = liballot-snapshot.la $(UNIT_LIBS)
