# SPDX-License-Identifier: MIT
"""The performance section of the project's README, from what `make bench` wrote: summary.py bench.json"""
import json
import sys

import tables

TRACERS = ("allot", "preload", "sample", "heaptrack")
HEADS = {"allot": "`allot run`", "preload": "preloaded by hand", "sample": "`--sample 512KiB`", "heaptrack": "heaptrack"}
LOOPS = ("loop-20-1k-1t", "loop-20-1k-2t", "loop-20-1k-16t", "loop-64-1k-1t", "loop-20-1k-1t-moving", "loop-20-1m-1t",
         "handover-1")


def value(case, tracer, measure, kind):
    return case["tracers"].get(tracer, {}).get(measure, {}).get(kind)


def compare(results, names, measure, kind, plain, show):
    """One row for each case that is there, one column for each tracer that is."""
    there = [tracer for tracer in TRACERS if any(tracer in case["tracers"] for case in results.values())]
    rows = [[results[name]["title"], plain(value(results[name], "untraced", measure, "median"))] +
            [show(value(results[name], tracer, measure, kind)) for tracer in there]
            for name in names if name in results]
    return tables.table(["", "untraced", *(HEADS[tracer] for tracer in there)], rows)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        bench = json.load(file)
    machine = bench["machine"]
    results = {case["name"]: case for case in bench["cases"]}
    programs = [name for name, case in results.items() if not case["allocations"]]
    print(f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, glibc {machine['libc'].split()[-1]}; "
          f"{bench['versions']['allot']}, {bench['versions']['heaptrack'] or 'no heaptrack'}; "
          f"medians of {bench['rounds']} rounds.\n")
    print("Nanoseconds for a malloc and its free, and what is added to them:\n")
    print(compare(results, LOOPS, "pair_ns", "added", tables.number, lambda added: tables.number(added, 1, sign=True)))
    print("\nSeconds from the start until the report is there, and how many times that:\n")
    print(compare(results, programs, "wall_s", "times", lambda seconds: tables.number(seconds, 2), tables.times))
    print("\nSeconds of processor time, of everything together, and what is added to them:\n")
    print(compare(results, programs, "cpu_s", "added", lambda seconds: tables.number(seconds, 2),
                  lambda added: tables.number(added, 2, sign=True)))


if __name__ == "__main__":
    main()
