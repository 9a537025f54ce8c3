# The fuzzers of what reads untrusted bytes: the snapshot file, its payload behind the checksum, a store, JSON, budgets and
# suppressions.
#
# `make check` runs each for a moment: the kept corpus and a fixed row of mutations. `make fuzz` runs them for
# FUZZ_SECONDS with libFuzzer, or through FUZZ_TIMES as many mutations where there is no clang with it.
FUZZ_TARGETS = snapshot payload freeze json gate
FUZZERS = tests/fuzz/fuzz-snapshot tests/fuzz/fuzz-payload tests/fuzz/fuzz-freeze tests/fuzz/fuzz-json tests/fuzz/fuzz-gate
FUZZ_SAMPLES = $(SNAPSHOT_SAMPLE_SOURCES) $(STORE_SAMPLE)
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
FUZZ_LIBS = libsnapshot.la libcommon.la

check_PROGRAMS += $(FUZZERS)
TESTS += $(FUZZERS)
tests_fuzz_fuzz_snapshot_SOURCES = tests/fuzz/fuzz-snapshot.c tests/fuzz/fuzz-reader.h tests/fuzz/driver.c tests/fuzz/fuzz.h $(FUZZ_SAMPLES)
tests_fuzz_fuzz_snapshot_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_snapshot_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_payload_SOURCES = tests/fuzz/fuzz-payload.c tests/fuzz/fuzz-reader.h tests/fuzz/driver.c tests/fuzz/fuzz.h $(FUZZ_SAMPLES)
tests_fuzz_fuzz_payload_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_payload_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_freeze_SOURCES = tests/fuzz/fuzz-freeze.c tests/fuzz/driver.c tests/fuzz/fuzz.h $(FUZZ_SAMPLES)
tests_fuzz_fuzz_freeze_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_freeze_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz-json.c tests/fuzz/fuzz-reader.h tests/fuzz/driver.c tests/fuzz/fuzz.h $(FUZZ_SAMPLES)
tests_fuzz_fuzz_json_CPPFLAGS = $(FUZZ_CPPFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_json_LDADD = $(LIBRARY_PARTS)
tests_fuzz_fuzz_gate_SOURCES = tests/fuzz/fuzz-gate.c tests/fuzz/driver.c tests/fuzz/fuzz.h $(FUZZ_SAMPLES)
tests_fuzz_fuzz_gate_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_gate_LDADD = libgate.la $(LIBRARY_PARTS)

# What libFuzzer is to see of a target; the rest comes from the libraries as they are built.
FUZZ_SEEN = tests/unit/snapshot-sample.c tests/unit/store-sample.c lib/snapshot/*.c lib/common/error.c \
	lib/common/utf8.c lib/library/json-fields.c lib/library/json-read*.c lib/report/json.c
FUZZ_SEEN_GATE = lib/gate/budget.c lib/gate/budget-file.c lib/gate/date.c lib/gate/limit.c lib/gate/pattern.c lib/gate/position.c \
	lib/gate/suppression.c lib/gate/suppression-file.c lib/common/bytes.c lib/common/error.c lib/filter/text.c
FUZZ_REST_GATE = .libs/libgate.a $(LIBRARY_PARTS:%.la=.libs/%.a) $(JANSSON_LIBS) $(DW_LIBS) $(ELF_LIBS) $(IBERTY_LIBS) \
	$(ZSTD_LIBS) -lm -lstdc++

FUZZ_CC = clang
FUZZ_FLAGS = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -g -O1
FUZZ_SECONDS = 60
FUZZ_TIMES = 50

fuzz: $(FUZZERS)
	@set -e; \
	echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' >tests/fuzz/probe.c; \
	if $(FUZZ_CC) $(FUZZ_FLAGS) tests/fuzz/probe.c -o tests/fuzz/probe 2>/dev/null; then libfuzzer=yes; else libfuzzer=no; fi; \
	rm -f tests/fuzz/probe.c tests/fuzz/probe; \
	for target in $(FUZZ_TARGETS); do \
		corpus='$(abs_top_srcdir)'/tests/fuzz/corpus/$$target; \
		echo "fuzz-$$target"; \
		if test $$libfuzzer = yes; then \
			mkdir -p tests/fuzz/found/$$target; \
			seen='$(FUZZ_SEEN)'; rest='$(ZSTD_LIBS) $(JANSSON_LIBS)'; \
			if test $$target = gate; then seen='$(FUZZ_SEEN_GATE)'; rest='$(FUZZ_REST_GATE)'; fi; \
			rest=`echo " $$rest" | sed 's| \.libs/| $(abs_top_builddir)/.libs/|g'`; \
			(cd '$(abs_top_srcdir)' && $(FUZZ_CC) -D_GNU_SOURCE -Iinclude -Ilib -Itests/unit -std=gnu11 $(FUZZ_FLAGS) \
				tests/fuzz/fuzz-$$target.c $$seen $(ZSTD_CFLAGS) $(JANSSON_CFLAGS) $$rest \
				-o '$(abs_top_builddir)'/tests/fuzz/libfuzzer-$$target); \
			tests/fuzz/libfuzzer-$$target -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=10 \
				-rss_limit_mb=2048 -malloc_limit_mb=512 -verbosity=0 -print_final_stats=1 \
				-artifact_prefix=tests/fuzz/found/$$target- tests/fuzz/found/$$target "$$corpus"; \
		else \
			ALLOT_TEST_SOURCE='$(abs_top_srcdir)' tests/fuzz/fuzz-$$target -t $(FUZZ_TIMES) -s $$$$; \
		fi; \
	done

.PHONY: fuzz

CLEANFILES += tests/fuzz/libfuzzer-snapshot tests/fuzz/libfuzzer-payload tests/fuzz/libfuzzer-freeze \
	tests/fuzz/libfuzzer-json tests/fuzz/libfuzzer-gate fuzz-snapshot.find fuzz-payload.find fuzz-freeze.find \
	fuzz-json.find fuzz-gate.find
EXTRA_DIST += tests/fuzz/corpus
