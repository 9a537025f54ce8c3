# The tests of lib/store, on real stores.
STORE_MODEL = tests/unit/store-fixture.c tests/unit/store-fixture.h tests/unit/store-model.c tests/unit/store-model.h \
	tests/unit/store-scopes.c tests/unit/store-scopes.h tests/unit/unit.h
STORE_LIBS = libstore.la libcommon.la $(UNIT_LIBS)

STORE_TESTS = tests/unit/test-store-clear tests/unit/test-store-crash tests/unit/test-store-drain \
	tests/unit/test-store-growth tests/unit/test-store-history \
	tests/unit/test-store-hostile tests/unit/test-store-live tests/unit/test-store-lock tests/unit/test-store-maps \
	tests/unit/test-store-order tests/unit/test-store-ring tests/unit/test-store-scope tests/unit/test-store-step \
	tests/unit/test-store-threads tests/unit/test-store-tree tests/unit/test-store-window
check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)
tests_unit_test_store_clear_SOURCES = tests/unit/test-store-clear.c $(STORE_MODEL)
tests_unit_test_store_clear_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_clear_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_store_clear_LDADD = $(STORE_LIBS)
tests_unit_test_store_crash_SOURCES = tests/unit/test-store-crash.c $(STORE_MODEL)
tests_unit_test_store_crash_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_crash_LDADD = $(STORE_LIBS)
tests_unit_test_store_drain_SOURCES = tests/unit/test-store-drain.c $(STORE_MODEL)
tests_unit_test_store_drain_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_drain_LDADD = $(STORE_LIBS)
tests_unit_test_store_growth_SOURCES = tests/unit/test-store-growth.c $(STORE_MODEL)
tests_unit_test_store_growth_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_growth_LDADD = $(STORE_LIBS)
tests_unit_test_store_history_SOURCES = tests/unit/test-store-history.c tests/unit/store-past.c tests/unit/store-past.h $(STORE_MODEL)
tests_unit_test_store_history_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_history_LDADD = $(STORE_LIBS)
tests_unit_test_store_hostile_SOURCES = tests/unit/test-store-hostile.c $(STORE_MODEL)
tests_unit_test_store_hostile_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_hostile_LDADD = $(STORE_LIBS)
tests_unit_test_store_live_SOURCES = tests/unit/test-store-live.c $(STORE_MODEL)
tests_unit_test_store_live_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_live_LDADD = $(STORE_LIBS)
tests_unit_test_store_lock_SOURCES = tests/unit/test-store-lock.c $(STORE_MODEL)
tests_unit_test_store_lock_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_lock_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_store_lock_LDADD = $(STORE_LIBS)
tests_unit_test_store_maps_SOURCES = tests/unit/test-store-maps.c $(STORE_MODEL)
tests_unit_test_store_maps_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_maps_LDADD = $(STORE_LIBS)
tests_unit_test_store_order_SOURCES = tests/unit/test-store-order.c $(STORE_MODEL)
tests_unit_test_store_order_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_order_LDADD = $(STORE_LIBS)
tests_unit_test_store_ring_SOURCES = tests/unit/test-store-ring.c $(STORE_MODEL)
tests_unit_test_store_ring_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_ring_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_store_ring_LDADD = $(STORE_LIBS)
tests_unit_test_store_scope_SOURCES = tests/unit/test-store-scope.c $(STORE_MODEL)
tests_unit_test_store_scope_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_scope_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_store_scope_LDADD = $(STORE_LIBS)
tests_unit_test_store_step_SOURCES = tests/unit/test-store-step.c tests/unit/store-past.c tests/unit/store-past.h $(STORE_MODEL)
tests_unit_test_store_step_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_step_LDADD = $(STORE_LIBS)
tests_unit_test_store_threads_SOURCES = tests/unit/test-store-threads.c $(STORE_MODEL)
tests_unit_test_store_threads_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_threads_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_store_threads_LDADD = $(STORE_LIBS)
tests_unit_test_store_tree_SOURCES = tests/unit/test-store-tree.c $(STORE_MODEL)
tests_unit_test_store_tree_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_tree_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_store_tree_LDADD = $(STORE_LIBS)
tests_unit_test_store_window_SOURCES = tests/unit/test-store-window.c $(STORE_MODEL)
tests_unit_test_store_window_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_window_LDADD = $(STORE_LIBS)

check_PROGRAMS += tests/unit/test-bootstrap
TESTS += tests/unit/test-bootstrap
tests_unit_test_bootstrap_SOURCES = tests/unit/test-bootstrap.c tests/unit/unit.h
tests_unit_test_bootstrap_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bootstrap_LDADD = libbootstrap.la libcommon.la $(UNIT_LIBS)
