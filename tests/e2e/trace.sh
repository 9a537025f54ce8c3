# SPDX-License-Identifier: MIT
# How an end-to-end test traces a target program and looks at its counters. Sourced after tap.sh; needs jq.

need jq

# Words put before `allot run`: "env NAME=VALUE", "sh SCRIPT".
with=

# trace NAME [OPTION…] -- PROGRAM [ARGUMENT…]: runs the program under `allot run`, leaves its exit status in $status,
# its output in NAME.out and NAME.err, the snapshot in NAME.snap, the report in NAME.report, and loads NAME.snap. All
# are in $tmp.
trace()
{
	trace_name=$1
	shift
	status=0
	$with "$allot" run -o "$tmp/$trace_name.snap" --report "$tmp/$trace_name.report" "$@" \
		>"$tmp/$trace_name.out" 2>"$tmp/$trace_name.err" || status=$?
	load "$trace_name.snap"
}

# trace_is STATUS: one case; the program of the last trace ended with this status, and without a word on standard error.
trace_is()
{
	is "$status $(head -n 3 "$tmp/$trace_name.err")" "$1 " "$trace_name: exit status $1, standard error empty"
}

# load SNAPSHOT [OPTION…]: makes the snapshot (a file in $tmp) the one that `site` and `value` look at.
load()
{
	load_name=$1
	shift
	json=$tmp/$load_name.json
	if ! "$allot" report "$tmp/$load_name" --format json --group-by function --top 1000000 "$@" \
		>"$json" 2>"$json.err"; then
		diag "no report of $load_name: $(cat "$json.err")"
		echo '{}' >"$json"
	fi
	"$allot" info "$tmp/$load_name" >"$json.info" 2>&1
}

# info LABEL: what `allot info` says of it, where that is a number.
info()
{
	sed -n "s/^ *$1  *\([0-9][0-9]*\)\$/\1/p" "$json.info"
}

# value FILTER: what the jq filter gives on the report, on one line.
value()
{
	jq -c -r "$1" "$json" 2>&1
}

# The counters of all groups whose innermost frame is the function $f, C++ parameters left aside, or of the whole program.
site_counters='
	def named: (.frames[0].function // "") | sub("\\(.*"; "") == $f;
	def sum(k): map(.[k]) | {bytes: (map(.bytes) | add // 0), blocks: (map(.blocks) | add // 0)};
	[.groups[]? | select(named)] as $g |
	[$want | split(" ")[] | split("=")[0] |
		if . == "frees" then "frees=\($report.totals.frees)"
		else . as $k | (if $f == "" then $report.totals[$k] else ($g | sum($k)) end) as $c |
			"\($k)=\($c.bytes)/\($c.blocks)" end] | join(" ")'

# site FUNCTION EXPECTED [NAME]: one case; EXPECTED is a list of live, peak, ever, temporary, each =BYTES/BLOCKS, with
# one blank between them: site leak 'live=12001/1 ever=24002/2'.
site()
{
	is "$(jq -r --arg f "$1" --arg want "$2" ". as \$report | $site_counters" "$json" 2>&1)" "$2" \
		"${3:-$trace_name: $1 $2}"
}

# totals EXPECTED [NAME]: the same for the whole program; knows frees=N too.
totals()
{
	is "$(jq -r --arg f '' --arg want "$1" ". as \$report | $site_counters" "$json" 2>&1)" "$1" \
		"${2:-$trace_name: totals $1}"
}

# sound [NAME]: one case; nothing was lost, the groups add up to the totals, what was not freed is live, no address was
# given out twice without a free, nothing was freed that had not been allocated.
sound()
{
	is "$(jq -c -r --arg twice "$(info uncounted)" --arg unknown "$(info 'unknown frees')" '
		.totals as $t |
		def sum(k; u): [.groups[][k][u]] | add // 0;
		[if .trust.lost == 0 then empty else "lost \(.trust.lost)" end,
		(("live", "peak", "ever", "temporary") as $k | ("bytes", "blocks") as $u |
			sum($k; $u) as $s | if $s == $t[$k][$u] then empty else "\($k).\($u) \($s) of \($t[$k][$u])" end),
		if $twice == "0" then empty else "allocated twice: \($twice)" end,
		if $unknown == "0" then empty else "unknown frees: \($unknown)" end,
		if $t.ever.blocks - $t.frees == $t.live.blocks then empty
			else "ever \($t.ever.blocks) - frees \($t.frees) is not live \($t.live.blocks)" end] |
		if . == [] then "sound" else join(", ") end' "$json" 2>&1)" sound "${1:-$trace_name: nothing lost, groups add up to totals}"
}
