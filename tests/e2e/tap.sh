# SPDX-License-Identifier: MIT
# What every end-to-end test sources: the TAP lines, a scratch folder that goes away, and how a program is traced.
#
# A test says `plan N` or `skip_all REASON` first, then N times ok, is, like or skip. The functions below that
# take no NAME of a test case make none. LD_PRELOAD is never set here: only `allot run` sets it, for one program.

top_srcdir=${top_srcdir:-${srcdir:-$(dirname "$0")/../..}}
top_builddir=${top_builddir:-.}
top_srcdir=$(cd "$top_srcdir" && pwd)
top_builddir=$(cd "$top_builddir" && pwd)
targets=$top_builddir/tests/targets

unset LD_PRELOAD
for variable in $(env | sed -n 's/^\(ALLOT_[A-Z_]*\)=.*/\1/p'); do
	unset "$variable"
done
LC_ALL=C
export LC_ALL

tap_count=0
tap_failed=0
tap_planned=

tmp=$(mktemp -d "${TMPDIR:-/tmp}/allot-test.XXXXXX") || exit 99

# Ends the test: a failed case is a failed exit status too, for those who run the file by hand.
tap_end()
{
	tap_status=$?
	trap - EXIT
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
	tap_planned=$1
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
