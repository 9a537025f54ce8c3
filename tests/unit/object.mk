# The tests of lib/object.
OBJECT_SAMPLE = tests/unit/object-sample.c tests/unit/object-sample.h tests/unit/unit.h
OBJECT_LIBS = libobject.la libcommon.la $(UNIT_LIBS) -lpthread -ldl

OBJECT_TESTS = tests/unit/test-object-core tests/unit/test-object-finalize tests/unit/test-object-gc \
	tests/unit/test-object-graph tests/unit/test-object-memory tests/unit/test-object-model \
	tests/unit/test-object-pool tests/unit/test-object-shared tests/unit/test-object-weakref
check_PROGRAMS += $(OBJECT_TESTS)
TESTS += $(OBJECT_TESTS)
tests_unit_test_object_core_SOURCES = tests/unit/test-object-core.c $(OBJECT_SAMPLE)
tests_unit_test_object_core_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_core_LDADD = $(OBJECT_LIBS)
tests_unit_test_object_finalize_SOURCES = tests/unit/test-object-finalize.c $(OBJECT_SAMPLE)
tests_unit_test_object_finalize_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_finalize_LDADD = $(OBJECT_LIBS)
tests_unit_test_object_gc_SOURCES = tests/unit/test-object-gc.c $(OBJECT_SAMPLE)
tests_unit_test_object_gc_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_gc_LDADD = $(OBJECT_LIBS)
tests_unit_test_object_weakref_SOURCES = tests/unit/test-object-weakref.c $(OBJECT_SAMPLE)
tests_unit_test_object_weakref_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_weakref_LDADD = $(OBJECT_LIBS)
tests_unit_test_object_model_SOURCES = tests/unit/test-object-model.c $(OBJECT_SAMPLE)
tests_unit_test_object_model_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_model_LDADD = $(OBJECT_LIBS)
tests_unit_test_object_pool_SOURCES = tests/unit/test-object-pool.c $(OBJECT_SAMPLE)
tests_unit_test_object_pool_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_pool_LDADD = $(OBJECT_LIBS)
tests_unit_test_object_shared_SOURCES = tests/unit/test-object-shared.c $(OBJECT_SAMPLE)
tests_unit_test_object_shared_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_shared_LDADD = $(OBJECT_LIBS)
tests_unit_test_object_graph_SOURCES = tests/unit/test-object-graph.c $(OBJECT_SAMPLE)
tests_unit_test_object_graph_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_graph_LDADD = $(OBJECT_LIBS)
tests_unit_test_object_memory_SOURCES = tests/unit/test-object-memory.c $(FAILING) $(OBJECT_SAMPLE)
tests_unit_test_object_memory_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_object_memory_LDFLAGS = $(AM_LDFLAGS) $(ALLOCATIONS_WRAPPED)
tests_unit_test_object_memory_LDADD = $(OBJECT_LIBS)
