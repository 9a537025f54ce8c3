# SPDX-License-Identifier: MIT
# What every end-to-end test sources (`. "${0%/*}/tap.sh"`): the TAP lines, a scratch folder that goes away, and where
# the built parts are.
#
# A test says `plan N` or `skip_all REASON` first, then N times ok, is, like, …. The functions below that take no NAME
# of a test case make none. LD_PRELOAD is never set here: a test that preloads by hand sets it for one program.
#
#   $allot    the built command           $library  the built liballot.so
#   $targets  the built target programs   $tmp      the scratch folder
#
# By hand, run a test from the build directory: `sh ../tests/e2e/NAME.test`.

set -u
top_builddir=${ALLOT_TEST_BUILD:-$(pwd)}
top_srcdir=${ALLOT_TEST_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
allot=$top_builddir/allot
library=$top_builddir/.libs/liballot.so
targets=$top_builddir/tests/targets

unset LD_PRELOAD LD_AUDIT DEBUGINFOD_URLS MALLOC_CHECK_ MALLOC_PERTURB_ GLIBC_TUNABLES
for tap_variable in $(env | sed -n 's/^\(ALLOT_[A-Z_]*\)=.*/\1/p'); do
	unset "$tap_variable"
done
LC_ALL=C.UTF-8
export LC_ALL

tap_count=0
tap_failed=0
tap_background=

tmp=$(mktemp -d "${TMPDIR:-/tmp}/allot-test.XXXXXX") || exit 99

# Ends the test: a failed case is a failed exit status too, for those who run the file by hand.
tap_end()
{
	tap_status=$?
	trap - EXIT
	for tap_pid in $tap_background; do
		kill -KILL "$tap_pid" 2>/dev/null
	done
	rm -rf "$tmp"
	if [ "$tap_status" -eq 0 ] && [ "$tap_failed" -ne 0 ]; then
		exit 1
	fi
	exit "$tap_status"
}
trap tap_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# diag TEXT: says something about the case above.
diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# plan N
plan()
{
	echo "1..$1"
}

# skip_all REASON: leaves the whole test; REASON names what is missing.
skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# need PROGRAM…: leaves the whole test if one of them is missing.
need()
{
	for program in "$@"; do
		command -v "$program" >/dev/null 2>&1 || skip_all "$program is not installed"
	done
}

pass()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

fail()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
}

# ok NAME COMMAND…: passes if the command succeeds; shows what it printed if not.
ok()
{
	tap_name=$1
	shift
	if "$@" >"$tmp/ok.out" 2>&1; then
		pass "$tap_name"
	else
		fail "$tap_name"
		diag "failed: $*"
		sed 's/^/# /' "$tmp/ok.out"
	fi
}

# is GOT EXPECTED NAME
is()
{
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "expected: $2"
		diag "     got: $1"
	fi
}

# like GOT PATTERN NAME: PATTERN is an extended regular expression that some line of GOT must match.
like()
{
	if printf '%s\n' "$1" | grep -E -q -e "$2"; then
		pass "$3"
	else
		fail "$3"
		diag "expected: /$2/"
		diag "     got: $1"
	fi
}

# unlike GOT PATTERN NAME: no line matches.
unlike()
{
	if printf '%s\n' "$1" | grep -E -q -e "$2"; then
		fail "$3"
		diag "not expected: /$2/"
		diag "         got: $1"
	else
		pass "$3"
	fi
}

# near GOT EXPECTED TOLERANCE NAME: two whole numbers differ by no more than the tolerance.
near()
{
	if awk -v got="$1" -v expected="$2" -v tolerance="$3" 'BEGIN {
		if (got !~ /^[0-9]+$/ || expected !~ /^[0-9]+$/)
			exit 1
		exit !(got - expected <= tolerance && expected - got <= tolerance)
	}'; then
		pass "$4"
	else
		fail "$4"
		diag "expected: $2, within $3"
		diag "     got: $1"
	fi
}

# same FILE1 FILE2 NAME: two files are equal, byte for byte.
same()
{
	if cmp -s "$1" "$2"; then
		pass "$3"
	else
		fail "$3"
		diff "$1" "$2" 2>&1 | head -n 20 | sed 's/^/# /'
	fi
}

# skip N REASON: passes over N cases; REASON names what is missing.
skip()
{
	tap_left=$1
	shift
	while [ "$tap_left" -gt 0 ]; do
		tap_count=$((tap_count + 1))
		tap_left=$((tap_left - 1))
		echo "ok $tap_count # SKIP $*"
	done
}

# one_line FILE NAME: the file is exactly one line, as an error message has to be.
one_line()
{
	if [ "$(wc -l <"$1")" -eq 1 ]; then
		pass "$2"
	else
		fail "$2"
		sed 's/^/# /' "$1"
	fi
}

# capture COMMAND…: runs it; leaves its output in $tmp/stdout and $tmp/stderr, its exit status in $status.
capture()
{
	status=0
	"$@" >"$tmp/stdout" 2>"$tmp/stderr" </dev/null || status=$?
}

# status_is EXPECTED NAME: the exit status of the last capture.
status_is()
{
	if [ "$status" = "$1" ]; then
		pass "$2"
	else
		fail "$2"
		diag "expected: exit status $1"
		diag "     got: $status, and on standard error:"
		sed 's/^/# /' "$tmp/stderr"
	fi
}

# background COMMAND…: starts it and leaves its process in $pid; it is killed at the end if it still runs.
background()
{
	"$@" </dev/null &
	pid=$!
	tap_background="$tap_background $pid"
}
