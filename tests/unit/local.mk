# The unit tests: one program per part, named tests/unit/test-NAME. Each links the convenience library it tests.
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
UNIT_LIBS = $(CHECK_LIBS)

check_PROGRAMS += tests/unit/test-error
TESTS += tests/unit/test-error
tests_unit_test_error_SOURCES = tests/unit/test-error.c tests/unit/unit.h
tests_unit_test_error_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_error_LDADD = libcommon.la $(UNIT_LIBS)
