# The unit tests of lib/gate.
GATE_TESTS = tests/unit/test-budget tests/unit/test-identity tests/unit/test-suppression \
	tests/unit/test-verdict
GATE_LIBS = libgate.la $(LIBRARY_PARTS) $(UNIT_LIBS)
check_PROGRAMS += $(GATE_TESTS)
TESTS += $(GATE_TESTS)
tests_unit_test_budget_SOURCES = tests/unit/test-budget.c tests/unit/unit.h
tests_unit_test_budget_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_budget_LDADD = $(GATE_LIBS)
tests_unit_test_identity_SOURCES = tests/unit/test-identity.c $(REPORT_SAMPLE)
tests_unit_test_identity_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_identity_LDADD = $(GATE_LIBS)
tests_unit_test_suppression_SOURCES = tests/unit/test-suppression.c tests/unit/unit.h
tests_unit_test_suppression_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_suppression_LDADD = $(GATE_LIBS)
tests_unit_test_verdict_SOURCES = tests/unit/test-verdict.c $(FAILING) $(REPORT_SAMPLE)
tests_unit_test_verdict_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_verdict_LDFLAGS = $(AM_LDFLAGS) $(ALLOCATIONS_WRAPPED)
tests_unit_test_verdict_LDADD = $(GATE_LIBS)
