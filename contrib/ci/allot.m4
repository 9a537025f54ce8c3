# SPDX-License-Identifier: MIT
#
# ALLOT_CHECK
# -----------
# For projects with autotools: make targets that fail when the memory of a program grows. In configure.ac:
#
#     ALLOT_CHECK
#
# and in Makefile.am, with the programs to run, each with its arguments as one word of the shell:
#
#     @ALLOT_CHECK_RULES@
#     ALLOT_RUNS = ./test-parser './test-server --once'
#
# `make check-allot` runs each with `allot run`, prints the ten worst call sites, and compares with the baseline that is kept
# in the folder $(ALLOT_BASELINES) (allot-baselines), to be kept between runs as an artefact or in a cache. A program that has
# no baseline yet gets one. `make allot-baselines` takes new ones. ALLOT_CHECK_FLAGS are more options of `allot check`, such
# as --budget and --suppressions. --with-allot=PATH names another allot; without one the targets say that it is missing.
AC_DEFUN([ALLOT_CHECK], [
  AC_ARG_WITH([allot], [AS_HELP_STRING([--with-allot=PATH], [the allot that make check-allot runs])],
    [], [with_allot=yes])
  AS_CASE([$with_allot],
    [no], [ALLOT=],
    [yes], [AC_PATH_PROG([ALLOT], [allot])],
    [ALLOT=$with_allot])
  AC_SUBST([ALLOT])
  AM_CONDITIONAL([HAVE_ALLOT], [test -n "$ALLOT"])
  AC_SUBST([ALLOT_CHECK_RULES], ['
ALLOT_BASELINES = allot-baselines

check-allot: all
	@test -n "$(ALLOT)" || { echo "check-allot: allot is not installed" >&2; exit 77; }; \
	$(MKDIR_P) $(ALLOT_BASELINES) || exit 1; \
	failed=; \
	for program in $(ALLOT_RUNS); do \
		name=`echo "$$program" | sed "s/ .*//; s|.*/||"`; \
		kept=$(ALLOT_BASELINES)/$$name.snap; \
		$(ALLOT) run --output $$name.snap --top 10 -- $$program || { failed="$$failed $$name"; continue; }; \
		if test -f $$kept; then \
			set x --baseline $$kept; \
		else \
			echo "{}" >$(ALLOT_BASELINES)/first-run.json; \
			set x --budget $(ALLOT_BASELINES)/first-run.json --keep $$kept; \
		fi; \
		shift; \
		$(ALLOT) check "$$[]@" $(ALLOT_CHECK_FLAGS) $$name.snap || failed="$$failed $$name"; \
	done; \
	if test -n "$$failed"; then echo "check-allot: failed:$$failed" >&2; exit 1; fi

allot-baselines:
	rm -rf $(ALLOT_BASELINES)
	$(MAKE) check-allot

.PHONY: check-allot allot-baselines
'])
  m4_ifdef([_AM_SUBST_NOTMAKE], [_AM_SUBST_NOTMAKE([ALLOT_CHECK_RULES])])
])
