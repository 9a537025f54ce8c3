# The tests of what --sample adds: the choice of blocks, the set of those chosen, and what each counts for.
SAMPLING_TESTS = tests/unit/test-sampled tests/unit/test-sampler tests/unit/test-weight
check_PROGRAMS += $(SAMPLING_TESTS)
TESTS += $(SAMPLING_TESTS)
tests_unit_test_sampled_SOURCES = tests/unit/test-sampled.c tests/unit/unit.h
tests_unit_test_sampled_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_sampled_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_sampled_LDADD = libsampling.la libcommon.la $(UNIT_LIBS)
tests_unit_test_sampler_SOURCES = tests/unit/test-sampler.c tests/unit/unit.h
tests_unit_test_sampler_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_sampler_LDADD = libsampling.la libstore.la libcommon.la $(UNIT_LIBS) -lm
tests_unit_test_weight_SOURCES = tests/unit/test-weight.c tests/unit/unit.h
tests_unit_test_weight_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_weight_LDADD = libstore.la libcommon.la $(UNIT_LIBS) -lm
