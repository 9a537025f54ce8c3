# The unit tests: one program per part, named tests/unit/test-NAME. Each links the convenience library it tests.
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
UNIT_LIBS = $(CHECK_LIBS)

check_PROGRAMS += tests/unit/test-error
TESTS += tests/unit/test-error
tests_unit_test_error_SOURCES = tests/unit/test-error.c tests/unit/unit.h
tests_unit_test_error_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_error_LDADD = libcommon.la $(UNIT_LIBS)

SNAPSHOT_TESTS = tests/unit/test-snapshot tests/unit/test-snapshot-damage tests/unit/test-snapshot-files
SNAPSHOT_SAMPLE_SOURCES = tests/unit/snapshot-sample.c tests/unit/snapshot-sample.h
SNAPSHOT_SAMPLE = $(SNAPSHOT_SAMPLE_SOURCES) tests/unit/unit.h
SNAPSHOT_LIBS = libsnapshot.la libcommon.la $(UNIT_LIBS)
check_PROGRAMS += $(SNAPSHOT_TESTS)
TESTS += $(SNAPSHOT_TESTS)
tests_unit_test_snapshot_SOURCES = tests/unit/test-snapshot.c $(SNAPSHOT_SAMPLE)
tests_unit_test_snapshot_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_snapshot_LDADD = $(SNAPSHOT_LIBS)
tests_unit_test_snapshot_damage_SOURCES = tests/unit/test-snapshot-damage.c $(SNAPSHOT_SAMPLE)
tests_unit_test_snapshot_damage_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_snapshot_damage_LDADD = $(SNAPSHOT_LIBS)
tests_unit_test_snapshot_files_SOURCES = tests/unit/test-snapshot-files.c $(SNAPSHOT_SAMPLE)
tests_unit_test_snapshot_files_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_snapshot_files_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_snapshot_files_LDADD = $(SNAPSHOT_LIBS)

check_PROGRAMS += tests/unit/test-snapshot-freeze
TESTS += tests/unit/test-snapshot-freeze
STORE_SAMPLE = tests/unit/store-sample.c tests/unit/store-sample.h
tests_unit_test_snapshot_freeze_SOURCES = tests/unit/test-snapshot-freeze.c $(STORE_SAMPLE) tests/unit/unit.h
tests_unit_test_snapshot_freeze_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_snapshot_freeze_LDADD = $(SNAPSHOT_LIBS)

REPORT_TESTS = tests/unit/test-keys tests/unit/test-print tests/unit/test-report tests/unit/test-size \
	tests/unit/test-statistics
REPORT_SAMPLE = tests/unit/report-sample.c tests/unit/report-sample.h tests/unit/unit.h
REPORT_LIBS = libreport.la libsymbol.la libsnapshot.la libstore.la libcommon.la $(UNIT_LIBS)
check_PROGRAMS += $(REPORT_TESTS)
TESTS += $(REPORT_TESTS)
tests_unit_test_keys_SOURCES = tests/unit/test-keys.c tests/unit/unit.h
tests_unit_test_keys_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_keys_LDADD = $(REPORT_LIBS)
tests_unit_test_print_SOURCES = tests/unit/test-print.c tests/unit/unit.h
tests_unit_test_print_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_print_LDADD = $(REPORT_LIBS)
tests_unit_test_report_SOURCES = tests/unit/test-report.c $(REPORT_SAMPLE)
tests_unit_test_report_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_report_LDADD = $(REPORT_LIBS)
tests_unit_test_size_SOURCES = tests/unit/test-size.c tests/unit/unit.h
tests_unit_test_size_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_size_LDADD = $(REPORT_LIBS)
tests_unit_test_statistics_SOURCES = tests/unit/test-statistics.c $(REPORT_SAMPLE)
tests_unit_test_statistics_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_statistics_LDADD = $(REPORT_LIBS)

check_PROGRAMS += tests/unit/test-options
TESTS += tests/unit/test-options
tests_unit_test_options_SOURCES = tests/unit/test-options.c cli/options.c cli/suggest.c tests/unit/unit.h
tests_unit_test_options_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/cli
tests_unit_test_options_LDADD = libcommon.la $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test-pace
TESTS += tests/unit/test-pace
tests_unit_test_pace_SOURCES = tests/unit/test-pace.c cli/pace.c cli/pace.h tests/unit/unit.h
tests_unit_test_pace_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/cli
tests_unit_test_pace_LDADD = $(UNIT_LIBS)

include $(top_srcdir)/tests/unit/symbol.mk

check_PROGRAMS += tests/unit/test-snapshot-store
TESTS += tests/unit/test-snapshot-store
tests_unit_test_snapshot_store_SOURCES = tests/unit/test-snapshot-store.c $(SNAPSHOT_SAMPLE)
tests_unit_test_snapshot_store_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_snapshot_store_LDADD = libsnapshot.la libstore.la libcommon.la $(UNIT_LIBS)

# Tests that let each allocation fail in turn.
FAILING = tests/unit/failing.c tests/unit/failing.h
ALLOCATIONS_WRAPPED = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup,--wrap=strndup \
	-Wl,--wrap=vasprintf,--wrap=asprintf,--wrap=open_memstream

check_PROGRAMS += tests/unit/test-snapshot-memory
TESTS += tests/unit/test-snapshot-memory
tests_unit_test_snapshot_memory_SOURCES = tests/unit/test-snapshot-memory.c $(FAILING) $(SNAPSHOT_SAMPLE) $(STORE_SAMPLE)
tests_unit_test_snapshot_memory_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_snapshot_memory_LDFLAGS = $(AM_LDFLAGS) $(ALLOCATIONS_WRAPPED)
tests_unit_test_snapshot_memory_LDADD = $(SNAPSHOT_LIBS)

include $(top_srcdir)/tests/unit/gate.mk

include $(top_srcdir)/tests/unit/unwind.mk

include $(top_srcdir)/tests/unit/store.mk

include $(top_srcdir)/tests/unit/scan.mk

include $(top_srcdir)/tests/unit/object.mk

include $(top_srcdir)/tests/unit/sampling.mk

include $(top_srcdir)/tests/unit/library.mk
