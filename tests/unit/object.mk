# The tests of lib/object.
OBJECT_SAMPLE = tests/unit/object-sample.c tests/unit/object-sample.h tests/unit/unit.h
OBJECT_LIBS = libobject.la libcommon.la $(UNIT_LIBS) -lpthread -ldl

OBJECT_TESTS = tests/unit/test-object-core
check_PROGRAMS += $(OBJECT_TESTS)
TESTS += $(OBJECT_TESTS)
tests_unit_test_object_core_SOURCES = tests/unit/test-object-core.c $(OBJECT_SAMPLE)
tests_unit_test_object_core_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_core_LDADD = $(OBJECT_LIBS)
