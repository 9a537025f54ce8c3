# make bench: what tracing costs, beside untraced runs and other tracers. README.md there says how to read it.
#
#   make bench BENCH="loop sqlite3" ROUNDS=3    some groups of cases, or names of cases, with * and ?
#   make bench TRACERS="allot heaptrack"        some tracers; untraced runs are always there
#   make bench BENCH_QUICK=1                    less of everything
#   make bench BENCH_FULL=1                     all of heaptrack, where it takes 18 GB of memory too
#   make bench-leaks                            looking for leaks, beside LeakSanitizer
#   make bench-leaks LEAKS_PART=10 MEMCHECK=1   in a heap of a tenth, and beside memcheck
#   make bench-object                           objects, beside other libraries
EXTRA_DIST += tests/bench/README.md $(BENCH_RUNNER) tests/bench/churn.pl tests/bench/sort.py tests/bench/regex.cc
BENCH_RUNNER = \
	tests/bench/bench.py \
	tests/bench/cases.py \
	tests/bench/process.py \
	tests/bench/results.py \
	tests/bench/summary.py \
	tests/bench/tables.py \
	tests/bench/targets.py \
	tests/bench/tracers.py

if !SANITIZE
BENCH_LOOPS = tests/bench/loop tests/bench/handover
check_PROGRAMS += $(BENCH_LOOPS)
tests_bench_loop_SOURCES = tests/bench/loop.c tests/bench/worker.c tests/bench/worker.h
tests_bench_loop_LDADD = -lpthread
tests_bench_handover_SOURCES = tests/bench/handover.c tests/bench/worker.c tests/bench/worker.h
tests_bench_handover_LDADD = -lpthread
check_LTLIBRARIES += tests/bench/witness.la
tests_bench_witness_la_SOURCES = tests/bench/witness.c
tests_bench_witness_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

# The walk alone, by the depth of the stack.
check_PROGRAMS += tests/bench/walk
tests_bench_walk_SOURCES = tests/bench/walk.c
tests_bench_walk_LDADD = libunwinding.la libloaded.la libcommon.la

bench-walk: tests/bench/walk
	@tests/bench/walk

PYTHON3 = python3
BENCH =
ROUNDS =
TRACERS =
BENCH_QUICK =
BENCH_FULL =

bench: all $(BENCH_LOOPS) tests/bench/witness.la
	@command -v $(PYTHON3) >/dev/null || { echo 'make bench: needs python3 (or PYTHON3=...)' >&2; exit 1; }
	@set -f; $(PYTHON3) -B '$(abs_top_srcdir)'/tests/bench/bench.py --build '$(abs_top_builddir)' \
		--source '$(abs_top_srcdir)' --json bench.json $(ROUNDS:%=--rounds %) --tracers '$(TRACERS)' \
		$(BENCH_QUICK:%=--quick) $(BENCH_FULL:%=--full) -- $(BENCH)

# What the project's README says of the last run.
bench-summary:
	@$(PYTHON3) -B '$(abs_top_srcdir)'/tests/bench/summary.py bench.json
endif

# Looking for leaks, beside LeakSanitizer and memcheck.
check_PROGRAMS += tests/bench/leaks
tests_bench_leaks_LDADD = -lpthread
EXTRA_DIST += tests/bench/leaks.py
LEAKS_PART =
MEMCHECK =

bench-leaks: all tests/bench/leaks
	@$(PYTHON3) -B '$(abs_top_srcdir)'/tests/bench/leaks.py --build '$(abs_top_builddir)' \
		--source '$(abs_top_srcdir)' $(ROUNDS:%=--rounds %) $(LEAKS_PART:%=--part %) $(MEMCHECK:%=--memcheck)

# Objects, beside other libraries that are there, and python3.
check_PROGRAMS += tests/bench/object
tests_bench_object_SOURCES = tests/bench/object.c tests/bench/object.h tests/bench/object-allot.c
tests_bench_object_CPPFLAGS = $(AM_CPPFLAGS)
tests_bench_object_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(TALLOC_CFLAGS) $(BOEHM_CFLAGS)
tests_bench_object_LDADD = liballot-object.la $(GLIB_LIBS) $(TALLOC_LIBS) $(BOEHM_LIBS)
EXTRA_DIST += tests/bench/object.py
if HAVE_GLIB
tests_bench_object_SOURCES += tests/bench/object-glib.c
tests_bench_object_CPPFLAGS += -DHAVE_GLIB
endif
if HAVE_TALLOC
tests_bench_object_SOURCES += tests/bench/object-talloc.c
tests_bench_object_CPPFLAGS += -DHAVE_TALLOC
endif
if HAVE_BOEHM
tests_bench_object_SOURCES += tests/bench/object-boehm.c
tests_bench_object_CPPFLAGS += -DHAVE_BOEHM
endif

bench-object: tests/bench/object
	@tests/bench/object $(PYTHON3) '$(abs_top_srcdir)'/tests/bench/object.py

.PHONY: bench bench-leaks bench-object bench-summary bench-walk
CLEANFILES += bench.json
