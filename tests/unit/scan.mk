# The tests of lib/scan.
SCAN_WORLD = tests/unit/scan-world.c tests/unit/scan-world.h tests/unit/unit.h
SCAN_LIBS = libscan.la libcommon.la $(UNIT_LIBS)
SCAN_TESTS = tests/unit/test-scan tests/unit/test-scan-large tests/unit/test-signal-stop
check_PROGRAMS += $(SCAN_TESTS)
TESTS += $(SCAN_TESTS)
tests_unit_test_scan_SOURCES = tests/unit/test-scan.c $(SCAN_WORLD)
tests_unit_test_scan_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scan_LDADD = $(SCAN_LIBS)
tests_unit_test_scan_large_SOURCES = tests/unit/test-scan-large.c $(SCAN_WORLD)
tests_unit_test_scan_large_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scan_large_LDADD = $(SCAN_LIBS)
tests_unit_test_signal_stop_SOURCES = tests/unit/test-signal-stop.c tests/unit/unit.h
tests_unit_test_signal_stop_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_signal_stop_LDADD = libscan.la libstore.la libcommon.la $(UNIT_LIBS)

# And of lib/leaks.
check_PROGRAMS += tests/unit/test-cycles
TESTS += tests/unit/test-cycles
tests_unit_test_cycles_SOURCES = tests/unit/test-cycles.c tests/unit/unit.h
tests_unit_test_cycles_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_cycles_LDADD = libleaks.la libgate.la $(REPORT_LIBS)

check_PROGRAMS += tests/unit/test-why
TESTS += tests/unit/test-why
tests_unit_test_why_SOURCES = tests/unit/test-why.c $(REPORT_SAMPLE)
tests_unit_test_why_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_why_LDADD = libleaks.la libgate.la $(REPORT_LIBS)

check_PROGRAMS += tests/unit/test-trend
TESTS += tests/unit/test-trend
tests_unit_test_trend_SOURCES = tests/unit/test-trend.c tests/unit/unit.h
tests_unit_test_trend_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trend_LDADD = libleaks.la $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test-object-table
TESTS += tests/unit/test-object-table
tests_unit_test_object_table_SOURCES = tests/unit/test-object-table.c tests/unit/unit.h
tests_unit_test_object_table_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_table_LDADD = libobjects.la $(REPORT_LIBS)
