# make compare-leaks: verdicts on leaks beside memcheck's and LeakSanitizer's, where they are installed.
#
#   make compare-leaks PLACES="in_result in_file"    some of tests/compare/leaks.cases
EXTRA_DIST += tests/compare/leaks.cases tests/compare/leaks.py

PLACES =

compare-leaks: all tests/targets/leak-O1 tests/targets/leak-cxx tests/targets/leak-plugin.la
	@$(PYTHON3) -B '$(abs_top_srcdir)'/tests/compare/leaks.py --build '$(abs_top_builddir)' \
		--source '$(abs_top_srcdir)' $(PLACES)

.PHONY: compare-leaks
