# tests/e2e
EXTRA_DIST += tests/e2e/tap.sh tests/e2e/trace.sh
