# The end-to-end tests: scripts that run the built allot on real programs and on those of tests/targets.
EXTRA_DIST += tests/e2e/tap.sh tests/e2e/trace.sh tests/e2e/library-self.c tests/e2e/library-user.c

E2E_TESTS = \
	tests/e2e/api.test \
	tests/e2e/basic.test \
	tests/e2e/budgets.test \
	tests/e2e/bench.test \
	tests/e2e/ci.test \
	tests/e2e/cli.test \
	tests/e2e/configure.test \
	tests/e2e/count-tests.test \
	tests/e2e/cxx.test \
	tests/e2e/doctor.test \
	tests/e2e/example.test \
	tests/e2e/exports.test \
	tests/e2e/filter.test \
	tests/e2e/follow.test \
	tests/e2e/gate.test \
	tests/e2e/gate-builds.test \
	tests/e2e/growth.test \
	tests/e2e/harness.test \
	tests/e2e/install.test \
	tests/e2e/jit.test \
	tests/e2e/leave.test \
	tests/e2e/leaks-report.test \
	tests/e2e/leaks-stop.test \
	tests/e2e/leaks.test \
	tests/e2e/library.test \
	tests/e2e/limits.test \
	tests/e2e/loaded.test \
	tests/e2e/loader.test \
	tests/e2e/manual.test \
	tests/e2e/mappings.test \
	tests/e2e/memcheck.test \
	tests/e2e/object-table.test \
	tests/e2e/object.test \
	tests/e2e/outcome.test \
	tests/e2e/pass-through.test \
	tests/e2e/process.test \
	tests/e2e/programs.test \
	tests/e2e/quickstart.test \
	tests/e2e/regions.test \
	tests/e2e/report.test \
	tests/e2e/rescue.test \
	tests/e2e/running.test \
	tests/e2e/sampled.test \
	tests/e2e/ship.test \
	tests/e2e/signals.test \
	tests/e2e/stress.test \
	tests/e2e/thread.test \
	tests/e2e/unusual.test \
	tests/e2e/verify.test \
	tests/e2e/why.test

dist_check_SCRIPTS += $(E2E_TESTS)
TESTS += $(E2E_TESTS)

# Writes the snapshot that cli.test and report.test look at.
check_PROGRAMS += tests/e2e/write-sample
tests_e2e_write_sample_SOURCES = tests/e2e/write-sample.c tests/unit/report-sample.c tests/unit/report-sample.h
tests_e2e_write_sample_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_e2e_write_sample_LDADD = libsnapshot.la libstore.la libcommon.la

# The preload library as it is built where the C library has no _dl_find_object, for loaded.test.
if !SANITIZE
check_LTLIBRARIES += liballot-maps.la
liballot_maps_la_SOURCES =
liballot_maps_la_LDFLAGS = $(liballot_la_LDFLAGS) -rpath /nowhere
liballot_maps_la_LIBADD = $(GUEST_LIBS) libloaded-maps.la
endif

# What allot check is tried on: snapshots made by hand, and a program that is built in many ways.
check_PROGRAMS += tests/e2e/gate/write-case
tests_e2e_gate_write_case_SOURCES = tests/e2e/gate/write-case.c tests/unit/report-sample.c tests/unit/report-sample.h
tests_e2e_gate_write_case_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_e2e_gate_write_case_LDADD = libsnapshot.la libstore.la libcommon.la
EXTRA_DIST += tests/e2e/gate/words.c tests/e2e/gate/sarif.jq tests/e2e/gate/junit.xsd \
	tests/e2e/gate/expected.text tests/e2e/gate/expected.github tests/e2e/gate/expected.gitlab \
	tests/e2e/gate/expected.junit tests/e2e/gate/expected.sarif tests/e2e/gate/expected.markdown \
	tests/e2e/gate/expected.json

# A project that uses allot as a user would, for example.test.
EXTRA_DIST += tests/example/configure.ac tests/example/Makefile.am tests/example/budget.json tests/example/known.supp \
	tests/example/text.txt tests/example/check-words.c tests/example/main.c tests/example/regions.c tests/example/words.c \
	tests/example/words.h
