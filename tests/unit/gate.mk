# The unit tests of lib/gate.
GATE_LIBS = libgate.la $(REPORT_LIBS)

check_PROGRAMS += tests/unit/test-suppression
TESTS += tests/unit/test-suppression
tests_unit_test_suppression_SOURCES = tests/unit/test-suppression.c tests/unit/unit.h
tests_unit_test_suppression_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_suppression_LDADD = $(GATE_LIBS)
