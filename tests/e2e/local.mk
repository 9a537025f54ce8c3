# The end-to-end tests: scripts that run the built allot on real programs and on those of tests/targets.
EXTRA_DIST += tests/e2e/tap.sh tests/e2e/trace.sh

E2E_TESTS = \
	tests/e2e/configure.test \
	tests/e2e/count-tests.test \
	tests/e2e/harness.test \
	tests/e2e/quickstart.test

dist_check_SCRIPTS += $(E2E_TESTS)
TESTS += $(E2E_TESTS)
